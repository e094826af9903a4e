/**
 * A fake WeChat for local work and tests: the phone under /sandbox/, the server API under /sns/.
 *
 * It hands out codes as wx.login would, signs and encrypts open data as the phone would, and answers
 * code2Session as WeChat does: codes are for one use within five minutes, JSON comes as text/plain
 * with escaped slashes, and errors have HTTP status 200. All state is in memory.
 */

import { Hono } from 'hono'
import { createFaults } from './faults'
import { createPhone } from './phone'
import { createUsers } from './users'

export interface SandboxOptions {
  readonly appid: string
  readonly appsecret: string
  /** Unix time in whole seconds. */
  readonly now: () => number
}

export type Sandbox = ReturnType<typeof createSandbox>

/** The fake as a Hono app, with a count of the exchanges it was asked for. */
export function createSandbox({ appid, appsecret, now }: SandboxOptions) {
  const users = createUsers({ appid, now })
  const faults = createFaults()
  const app = new Hono()
  const calls = { jscode2session: 0 }

  app.get('/sns/jscode2session', (c) => {
    calls.jscode2session++
    const fault = faults.next()
    if (fault) return fault()
    return weChatJson(code2Session(c.req.query()))
  })

  app.route('/sandbox', createPhone({ appid, now, users, faults }))

  app.notFound((c) => {
    const presses = app.routes.filter(({ method }) => method === 'POST').map(({ path }) => path)
    const list = presses.map((path) => `  curl -X POST ${new URL(c.req.url).origin}${path}`)
    return c.text(`The sandbox plays WeChat and the phone:\n\n${list.join('\n')}\n`, 404)
  })

  /** In the order in which WeChat looks at its parameters. */
  function code2Session(query: Record<string, string>): object {
    if (!query.appid) return refusal(41002, 'appid missing')
    if (query.appid !== appid) return refusal(40013, 'invalid appid')
    if (!query.secret) return refusal(41004, 'appsecret missing')
    if (query.secret !== appsecret) return refusal(40125, 'invalid appsecret')
    if (!query.js_code) return refusal(41008, 'missing code')
    if (query.grant_type !== 'authorization_code') return refusal(40002, 'invalid grant_type')
    const outcome = users.spend(query.js_code)
    if (outcome === 'unknown') return refusal(40029, 'invalid code')
    if (outcome === 'used') return refusal(40163, 'code been used')
    const { openid, unionid, session_key } = outcome
    return { session_key, openid, ...(unionid && { unionid }) }
  }

  return { fetch: async (request: Request) => app.fetch(request), calls }
}

function refusal(errcode: number, text: string): object {
  return { errcode, errmsg: `${text}, rid: 65f2a1b0-1c2d3e4f-5a6b7c8d` }
}

/** JSON the way WeChat sends it. */
function weChatJson(value: object): Response {
  return new Response(JSON.stringify(value).replaceAll('/', '\\/'), {
    headers: { 'Content-Type': 'text/plain' },
  })
}
