/** The responses of WeChat's server API, and what its calls have in common. */

import type { Context } from 'hono'
import { isObject } from '../src/lib/encoding'

/** The error of a call without a valid access_token. */
export function tokenError(c: Context): Response {
  return c.req.query('access_token')
    ? refuse(40001, 'invalid credential, access_token is invalid or not latest')
    : refuse(41001, 'access_token missing')
}

/** The body of a call as an object, or `null`. */
export async function readObject(c: Context): Promise<Record<string, unknown> | null> {
  const value: unknown = await c.req.json().catch(() => null)
  return isObject(value) ? value : null
}

/** An error as WeChat sends it: with status 200, and the id of the request in its text. */
export function refuse(errcode: number, text: string): Response {
  return respond({ errcode, errmsg: `${text}, rid: 65f2a1b0-1c2d3e4f-5a6b7c8d` })
}

/** JSON as WeChat sends it: text/plain, with escaped slashes. */
export function respond(value: object): Response {
  return new Response(JSON.stringify(value).replaceAll('/', '\\/'), {
    headers: { 'Content-Type': 'text/plain' },
  })
}
