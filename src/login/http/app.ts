/** The HTTP API as a Hono app: JSON in, JSON or problem details out. */

import { methodNotAllowed } from 'hono/method-not-allowed'
import { Hono } from 'hono/tiny'
import { writeDataPoint } from '../../core/log'
import { Problem, toProblem } from '../../core/problem'
import { answer, fail, findRoute, onMethodNotAllowed } from '../../core/responses'
import { workersRuntime } from '../../workers/runtime'
import type { Hooks } from '../hooks'
import { createService, type Service } from '../service'
import type { AppEnv } from './context'
import { addIntrospectionRoutes } from './routes/introspection'
import { addLoginRoutes } from './routes/login'
import { addOpenDataRoutes } from './routes/open-data'
import { addPassThroughRoutes } from './routes/pass-through'
import { addPhoneNumberRoutes } from './routes/phone-number'
import { addPushRoutes } from './routes/push'
import { addRevocationRoutes } from './routes/revocation'
import { addSessionKeyRoutes } from './routes/session-key'
import { addSessionRoutes } from './routes/sessions'
import { addSubscribeMessageRoutes } from './routes/subscribe-messages'

/**
 * What {@link createApp} takes.
 *
 * @example
 * const options: AppOptions = { service: createService(workersRuntime) }
 */
export interface AppOptions {
  /** What is behind the app; by default a service of its own in the Workers runtime. */
  readonly service?: (env: object) => Service
  /** Hooks in the same Worker, for the service that is made by default. */
  readonly hooks?: Hooks
}

/**
 * Makes the HTTP API. Make it once and keep it: access_tokens and logins in progress are shared
 * within it.
 *
 * @example
 * const app = new Hono().route('/auth', createApp())
 */
export function createApp({
  hooks,
  service = createService(workersRuntime, hooks ? { hooks } : {}),
}: AppOptions = {}) {
  const app = new Hono<AppEnv>()

  app.use(async function observe(c, next) {
    c.set('service', service(c.env))
    const finish = c.var.service.startRequest()
    await next()
    const { method } = c.req
    const { session, problem } = c.var
    const route = findRoute(c, app.routes)
    const record = finish({ method, route, status: c.res.status, problem, appid: session?.appid })
    writeDataPoint(c.var.config?.analytics, record)
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))
  app.use(async function exactPaths(c, next) {
    // The router takes /sessions/ for /sessions: an id that is empty by mistake would end them all.
    // What goes through to WeChat has rules of its own.
    const isExact = !c.req.path.endsWith('/') || c.req.path.includes('/wechat/api/')
    if (!isExact) throw new Problem('not_found')
    await next()
  })

  app.get('/health', (c) => answer(c, { status: 'ok' }))

  app.use(async function settings(c, next) {
    c.set('config', c.var.service.config)
    await next()
  })
  addLoginRoutes(app)
  addSessionRoutes(app)
  addSessionKeyRoutes(app)
  addOpenDataRoutes(app)
  addPhoneNumberRoutes(app)
  addIntrospectionRoutes(app)
  addRevocationRoutes(app)
  addSubscribeMessageRoutes(app)
  addPassThroughRoutes(app)
  addPushRoutes(app)

  app.notFound((c) => fail(c, new Problem('not_found')))
  app.onError((error, c) => fail(c, toProblem(error)))
  return app
}
