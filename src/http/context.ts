/** What every route finds in its context. */

import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Config } from '../config'
import type { Problem } from '../problem'
import type { Core } from '../service'
import type { Session } from '../sessions'
import { requiredToken } from './bearer'

export interface AppEnv {
  Bindings: object
  Variables: {
    /** Absent on `/health`, and where the settings are wrong. */
    config: Config
    /** Absent but on routes that {@link authenticate}. */
    session?: Session
    /** Why the request failed, if it did. */
    problem?: Problem
  }
}

/** The address of the client, as Cloudflare saw it. */
export function ipOf(c: Context): string | undefined {
  return c.req.header('CF-Connecting-IP')
}

/** Middleware: puts the live session of the request's token in `c.var.session`. */
export function authenticate(core: Core) {
  return createMiddleware<AppEnv & { Variables: { session: Session } }>(
    async function authenticate(c, next) {
      const token = requiredToken(c.req.header('Authorization'))
      c.set('session', await core.verify(c.var.config, token, ipOf(c)))
      await next()
    },
  )
}
