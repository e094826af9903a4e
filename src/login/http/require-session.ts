/** For a Hono app of one's own in the same Worker: the middleware that says who is calling. */

import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { requireBearerToken } from '../../core/credentials'
import { toProblem } from '../../core/problem'
import type { Service } from '../service'
import { toVerifiedSession, type VerifiedSession } from './views'

/**
 * What `requireSession` takes.
 *
 * @example
 * const options: RequireSessionOptions = { service: createService(workersRuntime) }
 */
export interface RequireSessionOptions {
  /** What authenticates; by default a service of its own in the runtime of the platform. */
  readonly service?: (env: object) => Service
}

/** Makes the middleware that puts the session of the request's bearer token in `c.var.session`. */
export function createSessionGuard(service: (env: object) => Service) {
  return createMiddleware<{ Bindings: object; Variables: { session: VerifiedSession } }>(
    async function requireSession(c, next) {
      const current = service(c.env)
      const finish = current.startRequest()
      try {
        const token = requireBearerToken(c.req.header('Authorization'))
        c.set('session', toVerifiedSession(await current.authenticate(token)))
      } catch (error) {
        // The log of the app around this middleware does not know the reason.
        const problem = toProblem(error)
        const { method } = c.req
        finish({ method, route: routePath(c), status: problem.row.status, problem })
        throw problem
      }
      await next()
    },
  )
}
