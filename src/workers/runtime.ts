/** The runtime of Cloudflare Workers. Only this file and the entry points import `cloudflare:*`. */

import { connect } from 'cloudflare:sockets'
import { waitUntil } from 'cloudflare:workers'
import { findPort } from '../core/hosts'
import type { Runtime } from '../core/runtime'

/**
 * Global `fetch`, the platform's clock and timers, and `console` for lines of JSON.
 *
 * @example
 * const service = createService({ ...workersRuntime, log: (entry) => sendToMyLog(entry) })
 */
export const workersRuntime: Runtime = {
  fetch: (request) => fetch(request),
  connects,
  now: () => Math.floor(Date.now() / 1000),
  nowMilliseconds: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
  random: Math.random,
  waitUntil,
  log: (entry) => console[entry.level](JSON.stringify(entry)),
}

async function connects(url: URL, milliseconds: number): Promise<boolean> {
  try {
    const socket = connect({ hostname: url.hostname, port: findPort(url) })
    const opened = socket.opened.then(() => true)
    const tooLate = workersRuntime.sleep(milliseconds).then(() => false)
    const isOpen = await Promise.race([opened, tooLate])
    // The result is known by now, whatever closing the socket brings.
    opened.then(() => socket.close()).catch(() => undefined)
    return isOpen
  } catch {
    return false
  }
}
