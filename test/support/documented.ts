/** What holds of each response, whatever has been sent. */

import { expect } from 'vitest'
import { LOGIN_API } from '../../openapi/login/api'
import { ERRORS, type ErrorCode } from '../../src/core/errors'
import type { ProblemBody, TestApp } from './app'
import { MARK } from './arbitraries'
import { listCodes } from './listed-errors'

/**
 * Expects a success, or an error that the operation lists and that is not internal_error.
 *
 * @param mayQuote Whether a success may hold what was sent
 */
export async function expectDocumented(
  response: Response,
  { log: lines, warnings, kv }: TestApp,
  { mayQuote = false } = {},
): Promise<void> {
  const text = await response.text()
  const log = lines.splice(0)
  for (const list of [warnings, kv.calls]) list.length = 0
  expect(log.join()).not.toContain(MARK)
  expect([...response.headers.values()].join()).not.toContain(MARK)
  const isKeySet = response.ok && log.join().includes('"/.well-known/jwks.json"')
  const cached = isKeySet ? 'public, max-age=300' : 'no-store'
  expect(response.headers.get('Cache-Control')).toBe(cached)
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  if (!isProblem(response)) {
    // What WeChat answers goes through as it is, whatever its status.
    const isWeChats = log.join().includes('"/wechat/api/*"')
    expect(response.ok || isWeChats).toBe(true)
    if (!mayQuote && !isWeChats) expect(text).not.toContain(MARK)
    return
  }
  expect(text).not.toContain(MARK)
  const problem = JSON.parse(text) as ProblemBody
  expect(listCodes(LOGIN_API, log)).toContain(problem.code)
  expectKnown(problem, response.status)
}

export const isProblem = ({ headers }: Response) =>
  headers.get('Content-Type') === 'application/problem+json'

export function expectKnown(problem: ProblemBody, status = problem.status): void {
  expect(problem.code).not.toBe('internal_error')
  const row = ERRORS[problem.code as ErrorCode]
  expect([status, problem.status, problem.action]).toEqual([row.status, row.status, row.action])
}
