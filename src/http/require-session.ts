/** For the developer's own Hono app in the same Worker: the middleware that says who is calling. */

import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { logEntry } from '../log'
import { problemOf } from '../problem'
import { type Core, createCore } from '../service'
import { requiredToken } from './bearer'
import { ipOf } from './context'
import { type VerifiedSession, verifiedSession } from './views'

/**
 * Middleware: puts the session of the request's bearer token in `c.var.session`.
 *
 * Without a live session it throws a problem of status 401, and 503 where KV cannot tell; Hono
 * answers with it unless the app has an `onError` of its own, which can call `error.getResponse()`.
 *
 * @param core What is behind it; by default a core of its own in the Workers runtime.
 */
export function requireSession(core: Core = createCore()) {
  return createMiddleware<{ Bindings: object; Variables: { session: VerifiedSession } }>(
    async function requireSession(c, next) {
      try {
        const token = requiredToken(c.req.header('Authorization'))
        c.set('session', verifiedSession(await core.verify(core.configOf(c.env), token, ipOf(c))))
      } catch (error) {
        // The app's own log does not know what ours would say.
        const problem = problemOf(error)
        const { method } = c.req
        const answered = { method, route: routePath(c), status: problem.row.status, ms: 0, problem }
        core.deps.log(logEntry(answered))
        throw problem
      }
      await next()
    },
  )
}
