/** What is recorded of a request: one JSON line in the log, one data point where that is bound. */

import type { Config } from './config'
import type { Problem, ProblemLog } from './problem'

/** Everything a log line may hold: no tokens, codes, keys, openids, URLs or request values. */
export interface LogEntry extends ProblemLog {
  readonly level: 'info' | 'warn' | 'error'
  /** An HTTP method, or `RPC`. */
  readonly method?: string
  /** The route's pattern, not the path that was asked for; the name of an RPC method. */
  readonly route?: string
  readonly status?: number
  /** How long it took, in milliseconds of waiting. */
  readonly ms?: number
  /** Of the error table. */
  readonly code?: string
  /** WeChat's. */
  readonly errcode?: number | undefined
}

/** A request that has been answered. */
export interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
  /** The mini program of the session, if there is one. */
  readonly appid?: string | undefined
  readonly problem?: Problem | undefined
}

/** The line for a request. */
export function logEntry({ problem, appid, ...request }: Answered): LogEntry {
  const level = request.status < 400 ? 'info' : request.status < 500 ? 'warn' : 'error'
  const entry = { level, ...request, ...(appid !== undefined && { appid }) } as const
  if (!problem) return entry
  const { errcode, log } = problem.options
  return { ...entry, code: problem.code, errcode, ...log }
}

/** The data point for a request: `blob1` method, route, code, appid; `double1` status, ms. */
export function writeDataPoint(analytics: Config['analytics'] | undefined, answered: Answered) {
  const { method, route, status, ms, appid = '', problem } = answered
  analytics?.writeDataPoint({
    indexes: [route],
    blobs: [method, route, problem?.code ?? '', appid],
    doubles: [status, ms],
  })
}
