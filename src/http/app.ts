/** The HTTP API as a Hono app: JSON in, JSON or problem details out. */

import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { matchedRoutes } from 'hono/route'
import { Hono } from 'hono/tiny'
import type { Hooks } from '../hooks'
import { writeDataPoint } from '../log'
import { Problem, problemResponse, toProblem } from '../problem'
import { createService, type Service } from '../service'
import { workersRuntime } from '../workers-runtime'
import type { AppEnv } from './context'
import { introspectionRoutes } from './routes/introspection'
import { loginRoutes } from './routes/login'
import { openDataRoutes } from './routes/open-data'
import { passThroughRoutes } from './routes/pass-through'
import { phoneNumberRoutes } from './routes/phone-number'
import { pushRoutes } from './routes/push'
import { revocationRoutes } from './routes/revocation'
import { sessionKeyRoutes } from './routes/session-key'
import { sessionRoutes } from './routes/sessions'
import { subscribeMessageRoutes } from './routes/subscribe-messages'

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
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
    const { method } = c.req
    const { session, problem } = c.var
    const answer = { method, route: findRoute(c, app.routes), status: c.res.status, problem }
    const record = finish({ ...answer, appid: session?.appid })
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

  app.get('/health', (c) => c.json({ status: 'ok' }))

  app.use(async function settings(c, next) {
    c.set('config', c.var.service.config)
    await next()
  })
  app.route('/', loginRoutes)
  app.route('/', sessionRoutes)
  app.route('/', sessionKeyRoutes)
  app.route('/', openDataRoutes)
  app.route('/', phoneNumberRoutes)
  app.route('/', introspectionRoutes)
  app.route('/', revocationRoutes)
  app.route('/', subscribeMessageRoutes)
  app.route('/', passThroughRoutes)
  app.route('/', pushRoutes)

  app.notFound((c) => fail(c, new Problem('not_found')))
  app.onError((error, c) => fail(c, toProblem(error)))
  return app
}

function onMethodNotAllowed(c: Context<AppEnv>, methods: readonly string[]): Response {
  return fail(c, new Problem('method_not_allowed', { headers: { Allow: methods.join(', ') } }))
}

/**
 * The pattern of the request's route. Where only middleware has matched, as for a method that is
 * not allowed, it is the pattern that fits the path.
 */
function findRoute(c: Context<AppEnv>, routes: readonly { path: string }[]): string {
  const isPattern = ({ path }: { path: string }) =>
    !path.endsWith('/*') || path.endsWith('/wechat/api/*')
  const matched = matchedRoutes(c).findLast(isPattern)
  if (matched) return matched.path
  if (c.res.status !== 405) return '/*'
  for (const { path } of routes.filter(isPattern)) {
    // An app that this one is mounted in puts its own path in front.
    const fits = new RegExp(`${path.replace(/:\w+/g, '[^/]+')}$`).exec(c.req.path)
    if (fits) return c.req.path.slice(0, fits.index) + path
  }
  return '/*'
}

function fail(c: Context<AppEnv>, problem: Problem): Response {
  c.set('problem', problem)
  return problemResponse(problem)
}
