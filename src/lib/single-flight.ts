/** Work that callers at the same time share, within one isolate. */

import { Problem } from '../problem'
import type { Deps } from '../runtime'

/** Whoever joins waits no longer than this: the request that began may have been killed. */
const JOIN_MILLISECONDS = 10_000

/** Runs a task under a name, or joins the one that is under way under it. */
export type Share<Result> = (name: string, task: () => Promise<Result>) => Promise<Result>

/**
 * Makes a {@link Share}. A task goes on when the client that began it hangs up, since others may
 * have joined, and its code may be spent.
 *
 * @throws {Problem} `wechat_timeout` where a task that was joined never ends
 */
export function createFlights<Result>(deps: Deps): Share<Result> {
  // Bounded by the requests under way.
  const flights = new Map<string, Promise<Result>>()

  return async function share(name, task) {
    const joined = flights.get(name)
    if (joined) {
      const deadline = rejectOn(deps.deadline(JOIN_MILLISECONDS))
      return Promise.race([joined, deadline.catch(() => abandon(name, joined))])
    }
    const flight = task()
    flights.set(name, flight)
    const land = () => {
      flights.delete(name)
    }
    deps.waitUntil(flight.then(land, land))
    return flight
  }

  function abandon(name: string, flight: Promise<Result>): never {
    if (flights.get(name) === flight) flights.delete(name)
    throw new Problem('wechat_timeout')
  }
}

/** Rejects when the signal aborts, for waits on what may ignore it. */
export function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
