/** The outside world, as much of it as the app touches: replaced as a whole in tests. */

import { connect } from 'cloudflare:sockets'
import { waitUntil } from 'cloudflare:workers'
import type { LogEntry } from './log'

export interface Deps {
  /** Sends a request to WeChat. */
  readonly fetch: (request: Request) => Promise<Response>
  /** Whether the host of this URL accepts a connection within so many milliseconds. */
  readonly connects: (url: URL, milliseconds: number) => Promise<boolean>
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** A clock for durations, in milliseconds. On Workers it stands still between I/O. */
  readonly milliseconds: () => number
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** A number from 0 up to 1, for jitter; never for secrets. */
  readonly random: () => number
  /** Keeps the runtime at a task even if the client that began it hangs up. */
  readonly waitUntil: (task: Promise<unknown>) => void
  /** Takes one log entry. */
  readonly log: (entry: LogEntry) => void
}

/** The Workers runtime: global `fetch`, its clock and timers, and `console` for JSON lines. */
export const workerDeps: Deps = {
  fetch: (request) => fetch(request),
  connects,
  now: () => Math.floor(Date.now() / 1000),
  milliseconds: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: Math.random,
  waitUntil,
  log: (entry) => console[entry.level](JSON.stringify(entry)),
}

async function connects(url: URL, milliseconds: number): Promise<boolean> {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const timeout = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => timeout.resolve(false), milliseconds)
  try {
    const socket = connect({ hostname: url.hostname, port })
    const opened = socket.opened.then(() => true)
    const isOpen = await Promise.race([opened, timeout.promise])
    // Whatever closing says, the answer is known.
    opened.then(() => socket.close()).catch(() => undefined)
    socket.closed.catch(() => undefined)
    return isOpen
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
