/** The outside world, as much of it as the service needs. Tests replace it as a whole. */

import type { ProblemLog } from './problem'

/** Everything a log line may hold: no tokens, codes, keys, openids, URLs or request values. */
export interface LogEntry extends ProblemLog {
  readonly level: 'info' | 'warn' | 'error'
  /** An HTTP method, or `RPC`. */
  readonly method?: string
  /** The route's pattern, not the path that was requested; the name of an RPC method. */
  readonly route?: string
  readonly status?: number
  /** How long it took, in milliseconds of waiting. */
  readonly ms?: number
  /** The code from the error table. */
  readonly code?: string
  /** WeChat's errcode. */
  readonly errcode?: number | undefined
}

/**
 * The outside world.
 *
 * @example
 * const runtime: Runtime = { ...workersRuntime, log: (entry) => console.log(entry.code) }
 */
export interface Runtime {
  /** Sends a request to WeChat. Its signal ends the response's body, too. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Whether the host of this URL accepts a connection within so many milliseconds. */
  readonly connects: (url: URL, milliseconds: number) => Promise<boolean>
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** Unix time in milliseconds, for durations. On Workers it stands still between I/O. */
  readonly nowMilliseconds: () => number
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** A number from 0 up to 1, for jitter; never for secrets. */
  readonly random: () => number
  /** Keeps a task running even if the client that started it hangs up. */
  readonly waitUntil: (task: Promise<unknown>) => void
  /** Writes one log entry. */
  readonly log: (entry: LogEntry) => void
}
