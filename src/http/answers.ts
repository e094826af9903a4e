/** What every answer has in common: its headers, its problem, and the name of its route. */

import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Problem, problemResponse } from '../problem'

/** The headers of every answer. */
export function setHeaders(c: Context): void {
  c.header('Cache-Control', 'no-store')
  c.header('X-Content-Type-Options', 'nosniff')
}

/** For Hono's middleware of this name. */
export function onMethodNotAllowed(c: Context, methods: readonly string[]): Response {
  return fail(c, new Problem('method_not_allowed', { headers: { Allow: methods.join(', ') } }))
}

/**
 * The pattern of the request's route. Where only middleware has matched, as for a method that is
 * not allowed, it is the pattern that fits the path.
 */
export function findRoute(c: Context, routes: readonly { path: string }[]): string {
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

/** Answers with a problem, and leaves it to the log. */
export function fail(c: Context, problem: Problem<string>): Response {
  c.set('problem', problem)
  return problemResponse(problem)
}
