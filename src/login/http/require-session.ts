/** For a Hono app of one's own in the same Worker: the middleware that says who is calling. */

import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { toProblem } from '../../core/problem'
import { workersRuntime } from '../../workers/runtime'
import { createService, type Service } from '../service'
import { authenticateRequest } from './context'
import { toVerifiedSession, type VerifiedSession } from './views'

/**
 * What {@link requireSession} takes.
 *
 * @example
 * const options: RequireSessionOptions = { service: createService(workersRuntime) }
 */
export interface RequireSessionOptions {
  /** What authenticates; by default a service of its own in the Workers runtime. */
  readonly service?: (env: object) => Service
}

/**
 * Middleware that puts the session of the request's bearer token in `c.var.session`.
 *
 * Without a live session it throws a {@link Problem} of status 401, and of 503 where KV cannot
 * tell. Hono answers with it unless the app has an `onError` of its own, which can call
 * `error.getResponse()`.
 *
 * @example
 * app.get('/me', requireSession(), (c) => c.json({ you: c.var.session.userId }))
 */
export function requireSession({
  service = createService(workersRuntime),
}: RequireSessionOptions = {}) {
  return createMiddleware<{ Bindings: object; Variables: { session: VerifiedSession } }>(
    async function requireSession(c, next) {
      const current = service(c.env)
      const finish = current.startRequest()
      try {
        c.set('session', toVerifiedSession(await authenticateRequest(c, current)))
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
