/** What is recorded of a request: one line of JSON in the log, and one data point where bound. */

import type { Config } from '../login/config'
import type { Problem } from './problem'
import type { LogEntry, Runtime } from './runtime'

/** A request that has been answered. */
export interface RequestRecord {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
  /** The mini program of the session, if there is one. */
  readonly appid?: string | undefined
  readonly problem?: Problem<string> | undefined
}

/** Writes the log line of a request that has been answered, and returns its record. */
export type FinishRequest = (answer: Omit<RequestRecord, 'ms'>) => RequestRecord

/** Starts timing a request. */
export function startRequest(runtime: Runtime): FinishRequest {
  const started = runtime.nowMilliseconds()
  return (answer) => {
    const record = { ...answer, ms: runtime.nowMilliseconds() - started }
    runtime.log(toLogEntry(record))
    return record
  }
}

/** The log line of a request. */
function toLogEntry({ problem, appid, ...request }: RequestRecord): LogEntry {
  const level = request.status < 400 ? 'info' : request.status < 500 ? 'warn' : 'error'
  const entry = { level, ...request, ...(appid !== undefined && { appid }) } as const
  if (!problem) return entry
  const { errcode, log } = problem.options
  return { ...entry, code: problem.code, errcode, ...log }
}

/** The data point: `blob1` to `blob4` are method, route, code, appid; `double1`, `double2` status, ms. */
export function writeDataPoint(
  analytics: Config['analytics'] | undefined,
  { method, route, status, ms, appid = '', problem }: RequestRecord,
): void {
  analytics?.writeDataPoint({
    indexes: [route],
    blobs: [method, route, problem?.code ?? '', appid],
    doubles: [status, ms],
  })
}
