/**
 * Bearer tokens: the `Authorization` header into a live session, with the challenges a 401 owes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */

import { createMiddleware } from 'hono/factory'
import type { Config } from './config'
import type { Deps } from './deps'
import { Problem } from './errors'
import { findSession, type Session } from './sessions'

export interface SessionVariables {
  session: Session
}

/** The token of an `Authorization` header, `''` for an empty one; `null` without the scheme. */
export function bearerToken(authorization: string | undefined): string | null {
  return (
    /^Bearer(?: +(.*))?$/i.exec(authorization?.trim() ?? '')?.map((part) => part ?? '')[1] ?? null
  )
}

/**
 * Middleware: puts the live session of the request's token in `c.var.session`.
 *
 * @throws {Problem} `session_required`, `session_invalid`, `store_unavailable`
 */
export function requireSession(deps: Deps) {
  return createMiddleware<{ Variables: { config: Config } & SessionVariables }>(
    async function requireSession(c, next) {
      const token = bearerToken(c.req.header('Authorization'))
      if (token === null) throw unauthorized('session_required', 'Bearer')
      const session = await findSession(c.var.config, token, deps.now())
      if (!session) throw unauthorized('session_invalid', 'Bearer error="invalid_token"')
      c.set('session', session)
      await next()
    },
  )
}

function unauthorized(code: 'session_required' | 'session_invalid', challenge: string): Problem {
  return new Problem(code, { headers: { 'WWW-Authenticate': challenge } })
}
