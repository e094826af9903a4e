/** Responses of both HTTP APIs. */

import type { Context } from 'hono'
import { toSentJson } from '../lib/json'
import { type Problem, problemResponse, RESPONSE_HEADERS } from './problem'

// These go through the context, so that headers set by an outer app are kept.

/** @param headers Besides those of every response, or instead of them */
export function jsonResponse(
  c: Context,
  value: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const all = { ...RESPONSE_HEADERS, 'Content-Type': 'application/json', ...headers }
  return c.body(toSentJson(value), 200, all)
}

export function textResponse(c: Context, text: string): Response {
  return c.text(text, 200, RESPONSE_HEADERS)
}

export function emptyResponse(c: Context): Response {
  return c.body(null, 204, RESPONSE_HEADERS)
}

/** Responds with a problem, and leaves it to the log. */
export function fail(c: Context, problem: Problem<string>): Response {
  c.set('problem', problem)
  return problemResponse(problem)
}
