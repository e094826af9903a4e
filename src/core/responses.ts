/** What every answer has in common: its headers, its problem, and the name of its route. */

import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import { ANSWER_HEADERS, Problem, problemResponse } from './problem'

// These go through the context, so that headers which an app around this one has set there are kept.

/** Answers with JSON. */
export function answer(c: Context, value: object): Response {
  return c.json(value, 200, ANSWER_HEADERS)
}

/** Answers with a text. */
export function answerText(c: Context, text: string): Response {
  return c.text(text, 200, ANSWER_HEADERS)
}

/** Answers without a body. */
export function answerEmpty(c: Context, status: 200 | 204 = 204): Response {
  return c.body(null, status, ANSWER_HEADERS)
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
