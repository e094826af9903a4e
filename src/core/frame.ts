/** The frame of both HTTP APIs: a service behind the app, a log line a request, exact paths, problems. */

import type { Context, Env } from 'hono'
import { createMiddleware } from 'hono/factory'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { basePath, baseRoutePath, matchedRoutes } from 'hono/route'
import type { Hono } from 'hono/tiny'
import type { FinishRequest, RequestRecord } from './log'
import { Problem, toProblem } from './problem'
import { fail } from './responses'

/** What the frame puts into the context. */
export interface FrameEnv<Service extends TimedService = TimedService> {
  Bindings: object
  Variables: {
    service: Service
    /** The mini program of the session, if there is one. */
    appid?: string
    /** Why the request failed, if it did. */
    problem?: Problem<string>
    /** What has been logged of the request, once it has its response. */
    record?: RequestRecord
  }
}

interface TimedService {
  startRequest(): FinishRequest
}

export interface FrameOptions {
  /** What is behind the app. */
  readonly service: (env: object) => TimedService
  /** The problem of a path that does not exist. */
  readonly notFound: () => Problem<string>
  /** Routes that end in `/*`: any path below them is theirs, with a slash at its end, too. */
  readonly wildcards?: readonly string[]
}

/** Adds the frame to an app, before its routes. */
export function addFrame<AppEnv extends Env>(
  app: Hono<AppEnv>,
  { service, notFound, wildcards = [] }: FrameOptions,
): void {
  const isWildcard = ({ path }: Route) => wildcards.some((wildcard) => path.endsWith(wildcard))
  const isMiddleware = (route: Route) => route.path.endsWith('/*') && !isWildcard(route)

  app.use(
    createMiddleware<FrameEnv>(async function observe(c, next) {
      c.set('service', service(c.env))
      const finish = c.var.service.startRequest()
      const { routeIndex } = c.req
      await next().catch((error: unknown) => {
        if (error instanceof Error) throw error
        // Hono gives onError no other value that was thrown, and the app would reject with it.
        c.res = fail(c, toProblem(error))
      })
      const matched = matchedRoutes(c).findLast((route) => !isMiddleware(route))
      const route = matched?.path ?? findPattern(c, app.routes, routeIndex)
      const { appid, problem } = c.var
      c.set('record', finish({ method: c.req.method, route, status: c.res.status, problem, appid }))
    }),
  )
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))
  app.use(
    createMiddleware(async function exactPaths(c, next) {
      // The router takes /sessions/ for /sessions: an id that is empty by mistake would end them all.
      if (c.req.path.endsWith('/') && !matchedRoutes(c).some(isWildcard)) throw notFound()
      await next()
    }),
  )
  app.notFound((c) => fail(c, notFound()))
  app.onError((error, c) => fail(c, toProblem(error)))
}

interface Route {
  readonly path: string
}

function onMethodNotAllowed(c: Context, methods: readonly string[]): Response {
  return fail(c, new Problem('method_not_allowed', { headers: { Allow: methods.join(', ') } }))
}

/**
 * The route's pattern of a request that only middleware has matched: for a method that is not allowed,
 * the one that fits its whole path. Nothing of the path itself is in it, since a caller writes that.
 *
 * @param index Of a middleware of the app: it knows where another app has mounted this one
 */
function findPattern(c: Context, routes: readonly Route[], index: number): string {
  if (c.res.status !== 405) return '/*'
  const [mounted = '', prefix = ''] = [basePath(c, index), baseRoutePath(c, index)].map((base) =>
    base.replace(/\/$/, ''),
  )
  const rest = c.req.path.slice(mounted.length)
  const fits = ({ path }: Route) =>
    new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`).test(rest) && !path.endsWith('*')
  const route = routes.find(fits)
  return route ? prefix + route.path : '/*'
}
