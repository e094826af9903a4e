/** The HTTP door: JSON in, JSON or problem details out. Every rule is elsewhere. */

import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { routePath } from 'hono/route'
import { Hono } from 'hono/tiny'
import { logEntry, writeDataPoint } from '../log'
import { Problem, problemOf, problemResponse } from '../problem'
import { type Core, createCore } from '../service'
import type { AppEnv } from './context'
import { serviceRoutes } from './routes/introspection'
import { loginRoutes } from './routes/login'
import { openDataRoutes } from './routes/open-data'
import { eventRoutes } from './routes/push'
import { sessionRoutes } from './routes/sessions'

/**
 * The whole API as a Hono app. Make it once and keep it.
 *
 * @param core What is behind it; by default a core of its own in the Workers runtime.
 */
export function createApp(core: Core = createCore()): Hono<AppEnv> {
  const app = new Hono<AppEnv>()

  app.use(async function observe(c, next) {
    const began = core.deps.milliseconds()
    await next()
    c.header('Cache-Control', 'no-store')
    const answered = {
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      ms: core.deps.milliseconds() - began,
      appid: c.var.session?.appid,
      problem: c.var.problem,
    }
    core.deps.log(logEntry(answered))
    writeDataPoint(c.var.config?.analytics, answered)
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))
  app.use(async function exactPaths(c, next) {
    // The router takes /sessions/ for /sessions: an id that is empty by mistake would end them all.
    if (c.req.path.endsWith('/')) throw new Problem('not_found')
    await next()
  })

  app.get('/health', (c) => c.json({ status: 'ok' }))

  app.use(async function settings(c, next) {
    c.set('config', core.configOf(c.env))
    await next()
  })
  app.route('/', loginRoutes(core))
  app.route('/', sessionRoutes(core))
  app.route('/', openDataRoutes(core))
  app.route('/', serviceRoutes(core))
  app.route('/', eventRoutes(core))

  app.notFound((c) => {
    const problem = new Problem('not_found')
    c.set('problem', problem)
    return problemResponse(problem)
  })

  app.onError((error, c) => {
    const problem = problemOf(error)
    c.set('problem', problem)
    return problemResponse(problem)
  })

  return app
}

function onMethodNotAllowed(c: Context, methods: readonly string[]): Response {
  const problem = new Problem('method_not_allowed', { headers: { Allow: methods.join(', ') } })
  c.set('problem', problem)
  return problemResponse(problem)
}
