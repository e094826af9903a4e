/** Log lines: one JSON object each, with these fields and no others. */

import type { Problem, ProblemLog } from './problem'

/** Everything a log line may hold. No tokens, codes, keys, openids, URLs or request values. */
export interface LogEntry extends ProblemLog {
  readonly level: 'warn' | 'error'
  /** An HTTP method, or `RPC`. */
  readonly method?: string
  /** The route's pattern, not the path that was asked for; the name of an RPC method. */
  readonly route?: string
  readonly status?: number
  readonly code?: string
  /** WeChat's. */
  readonly errcode?: number | undefined
}

/** The line for a problem. */
export function logEntry(problem: Problem, at: { method: string; route: string }): LogEntry {
  const { status } = problem.row
  const { errcode, log } = problem.options
  const level = status < 500 ? 'warn' : 'error'
  return { level, ...at, status, code: problem.code, errcode, ...log }
}
