/** The frame of both HTTP APIs: a service behind the app, a log line a request, exact paths, problems. */

import type { Context, Env } from 'hono'
import { createMiddleware } from 'hono/factory'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { matchedRoutes } from 'hono/route'
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

  app.use(
    createMiddleware<FrameEnv>(async function observe(c, next) {
      c.set('service', service(c.env))
      const finish = c.var.service.startRequest()
      await next().catch((error: unknown) => {
        if (error instanceof Error) throw error
        // Hono gives onError no other value that was thrown, and the app would reject with it.
        c.res = fail(c, toProblem(error))
      })
      const route = findRoute(c, app.routes, isWildcard)
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
 * The pattern of the request's route. Where only middleware has matched, as for a method that is
 * not allowed, it is the pattern that fits the path.
 */
function findRoute(
  c: Context,
  routes: readonly Route[],
  isWildcard: (route: Route) => boolean,
): string {
  const isPattern = (route: Route) => !route.path.endsWith('/*') || isWildcard(route)
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
