/** What is recorded of a request: one line of JSON in the log. */

import type { Problem } from './problem'
import type { LogEntry, Runtime } from './runtime'

/** A request that has its response. */
export interface RequestRecord {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
  /** The mini program of the session, if there is one. */
  readonly appid?: string | undefined
  readonly problem?: Problem<string> | undefined
}

/** Writes the log line of a request that has its response, and returns its record. */
export type FinishRequest = (request: Omit<RequestRecord, 'ms'>) => RequestRecord

/** Starts timing a request. */
export function startRequest(runtime: Runtime): FinishRequest {
  const started = runtime.nowMilliseconds()
  return (request) => {
    const record = { ...request, ms: runtime.nowMilliseconds() - started }
    runtime.log(toLogEntry(record))
    return record
  }
}

/**
 * The problem, with what it answers in its log as well. For requests of WeChat: nobody there reads the
 * answer, and only the operator can do something about it.
 */
export function withReason(problem: Problem<string>): Problem<string> {
  const { log = {}, errors, detail = problem.row.detail } = problem.options
  if (log.reason !== undefined || log.settings !== undefined) return problem
  const faults = errors?.map(({ path, message }) => `${path || 'the body'} ${message}`)
  return problem.with({ log: { ...log, reason: faults?.join('; ') ?? detail } })
}

/** The log line of a request. */
function toLogEntry({ method, route, status, ms, appid, problem }: RequestRecord): LogEntry {
  const level = status < 400 ? 'info' : status < 500 ? 'warn' : 'error'
  const entry = { level, method, route, status, ms, appid } as const
  if (!problem) return entry
  const { errcode, log } = problem.options
  return { ...entry, code: problem.code, errcode, ...log }
}
