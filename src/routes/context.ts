/** What every route finds in its context. */

import { createMiddleware } from 'hono/factory'
import { requiredToken } from '../bearer'
import type { Config } from '../config'
import type { Core } from '../core'
import type { Session } from '../sessions'

export interface AppEnv {
  Bindings: object
  Variables: { config: Config }
}

/** Middleware: puts the live session of the request's token in `c.var.session`. */
export function authenticate(core: Core) {
  return createMiddleware<AppEnv & { Variables: { session: Session } }>(
    async function authenticate(c, next) {
      const token = requiredToken(c.req.header('Authorization'))
      c.set('session', await core.verify(c.var.config, token))
      await next()
    },
  )
}
