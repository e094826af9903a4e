/** The outside world, as much of it as the app touches: replaced as a whole in tests. */
export interface Deps {
  /** Sends a request to WeChat. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** A number from 0 up to 1, for jitter; never for secrets. */
  readonly random: () => number
  /** Takes one log entry. */
  readonly log: (entry: LogEntry) => void
}

/** Everything a log line may hold. No tokens, codes, keys, openids, URLs or request values. */
export interface LogEntry {
  readonly level: 'warn' | 'error'
  readonly method: string
  /** The route's pattern, not the path that was asked for. */
  readonly route: string
  readonly status: number
  readonly code: string
  readonly errcode?: number | undefined
  readonly rid?: string | undefined
  readonly settings?: readonly string[] | undefined
  readonly reason?: string | undefined
}

/** The Workers runtime: global `fetch`, its clock and timers, and `console` for JSON lines. */
export const workerDeps: Deps = {
  fetch: (request) => fetch(request),
  now: () => Math.floor(Date.now() / 1000),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: Math.random,
  log: (entry) => console[entry.level](JSON.stringify(entry)),
}
