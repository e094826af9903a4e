/** The frame of both HTTP APIs: a service behind the app, a log line a request, exact paths, problems. */

import type { Context, Env, Next } from 'hono'
import { createMiddleware } from 'hono/factory'
import { baseRoutePath, matchedRoutes } from 'hono/route'
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
  /** Called with what has been logged of a request, once it has its response. */
  readonly onRecord?: (c: Context, record: RequestRecord) => void
}

/** Adds the frame to an app, before its routes. */
export function addFrame<AppEnv extends Env>(
  app: Hono<AppEnv>,
  { service, notFound, wildcards = [], onRecord }: FrameOptions,
): void {
  const isWildcard = ({ path }: Route) => wildcards.some((wildcard) => path.endsWith(wildcard))
  const isMiddleware = (route: Route) => route.path.endsWith('/*') && !isWildcard(route)

  app.use(
    createMiddleware<FrameEnv>(async function observe(c, next) {
      const current = service(c.env)
      c.set('service', current)
      const finish = current.startRequest()
      const { path, routeIndex } = c.req
      const matched = matchedRoutes(c)
      // The router takes /sessions/ for /sessions: an id that is empty by mistake would end them all.
      if (!path.endsWith('/') || matched.some(isWildcard)) await runRoutes(c, next)
      else c.res = fail(c, notFound())
      const { status } = c.res
      // A route of this method may answer 404 itself.
      const isUnanswered =
        status === 404 && !c.error && matched.every(({ method }) => method === 'ALL')
      const others = isUnanswered ? findRoutes(c, app.routes, routeIndex) : []
      if (others.length > 0) c.res = fail(c, methodNotAllowed(others))
      const found = matched.findLast((route) => !isMiddleware(route)) ?? others[0]
      const record = finish({
        method: c.req.method,
        route: found?.path ?? '/*',
        status: c.res.status,
        problem: c.get('problem'),
        appid: c.get('appid'),
      })
      onRecord?.(c, record)
    }),
  )
  app.notFound((c) => fail(c, notFound()))
  app.onError((error, c) => fail(c, toProblem(error)))
}

async function runRoutes(c: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    if (error instanceof Error) throw error
    // Hono gives onError no other value that was thrown, and the app would reject with it.
    c.res = fail(c, toProblem(error))
  }
}

interface Route {
  readonly method: string
  readonly path: string
}

/**
 * The routes that fit a whole path, whatever their methods. Nothing of the path itself is in them, since
 * a caller writes that.
 *
 * @param index Of a middleware of the app: it knows where another app has mounted this one
 */
function findRoutes(c: Context, routes: readonly Route[], index: number): readonly Route[] {
  const prefix = baseRoutePath(c, index).replace(/\/$/, '')
  const parts = c.req.path.split('/')
  return routes
    .map(({ method, path }) => ({ method, path: prefix + path }))
    .filter(({ method, path }) => method !== 'ALL' && fits(path.split('/'), parts))
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  const fitsPart = (part: string, index: number) =>
    part === parts[index] || (part.startsWith(':') && parts[index] !== '')
  return pattern.length === parts.length && pattern.every(fitsPart)
}

function methodNotAllowed(routes: readonly Route[]): Problem {
  const methods = routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : method))
  const headers = { Allow: [...new Set(methods)].join(', ') }
  return new Problem('method_not_allowed', { headers })
}
