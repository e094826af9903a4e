/** The runtime of a server: Node's clock, timers, `fetch` and sockets. */

import { once } from 'node:events'
import { connect } from 'node:net'
import { findPort } from '../core/hosts'
import type { Runtime } from '../core/runtime'
import { within } from './store'

/**
 * Global `fetch`, Node's clock and timers, and `console` for lines of JSON.
 *
 * @example
 * const service = createService({ ...serverRuntime, log: (entry) => sendToMyLog(entry) })
 */
export const serverRuntime: Runtime = {
  fetch: (request) => fetch(request),
  connects,
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: Math.random,
  // A process goes on by itself when a client hangs up.
  waitUntil: (task) => void task.catch(() => undefined),
  log: (entry) => console[entry.level](JSON.stringify(entry)),
}

function connects(url: URL, milliseconds: number): Promise<boolean> {
  const socket = connect(findPort(url), url.hostname.replace(/[[\]]/g, ''))
  const opened = within(milliseconds, once(socket, 'connect'))
  const isOpen = opened.then(() => true).catch(() => false)
  return isOpen.finally(() => socket.destroy())
}
