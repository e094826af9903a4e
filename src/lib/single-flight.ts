/** Single-flight: concurrent callers of one isolate share one task. */

import { rejectOnAbort } from './abort'

export interface SingleFlightOptions {
  /** Keeps a task running after the client that started it has hung up. */
  readonly waitUntil: (task: Promise<unknown>) => void
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /**
   * How long a caller waits for a task that another request started, which may have been killed, in
   * milliseconds. The default is 10,000.
   */
  readonly joinMilliseconds?: number
  /** The error for a caller that has waited in vain. Without it, such a caller runs its own task. */
  readonly onTimeout?: () => Error
}

/** Runs a task under a key, or joins the task that is already running under it. */
export type SingleFlight<Result> = (key: string, task: () => Promise<Result>) => Promise<Result>

/** What a caller gets in place of a result that did not come in time. */
const LATE: unique symbol = Symbol('late')

/**
 * Makes a {@link SingleFlight}. A task runs to its end even if the client that started it hangs
 * up, because others may have joined it.
 */
export function createSingleFlight<Result>({
  waitUntil,
  deadline,
  joinMilliseconds = 10_000,
  onTimeout,
}: SingleFlightOptions): SingleFlight<Result> {
  // Bounded by the number of concurrent requests.
  const running = new Map<string, Promise<Result>>()

  return async function singleFlight(key, task) {
    const joined = running.get(key)
    if (!joined) return start(key, task)
    const late = rejectOnAbort(deadline(joinMilliseconds)).catch((): typeof LATE => LATE)
    const result = await Promise.race([joined, late])
    if (result !== LATE) return result
    remove(key, joined)
    if (onTimeout) throw onTimeout()
    return start(key, task)
  }

  function start(key: string, task: () => Promise<Result>): Promise<Result> {
    const started = task()
    running.set(key, started)
    const settle = () => remove(key, started)
    waitUntil(started.then(settle, settle))
    return started
  }

  function remove(key: string, task: Promise<Result>): void {
    // A task that was given up may settle after its successor has started.
    if (running.get(key) === task) running.delete(key)
  }
}
