/** Single-flight: concurrent callers of one isolate share one task. */

import { rejectOnAbort } from './abort'

/** How long a caller waits for a task that another request started, which may have been killed. */
const JOIN_MILLISECONDS = 10_000

export interface SingleFlightOptions {
  /** Keeps a task running after the client that started it has hung up. */
  readonly waitUntil: (task: Promise<unknown>) => void
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** The error for a caller that joined a task which did not settle in time. */
  readonly onTimeout: () => Error
}

/** Runs a task under a key, or joins the task that is already running under it. */
export type SingleFlight<Result> = (key: string, task: () => Promise<Result>) => Promise<Result>

/**
 * Makes a {@link SingleFlight}. A task runs to its end even if the client that started it hangs
 * up, because others may have joined it.
 */
export function createSingleFlight<Result>(options: SingleFlightOptions): SingleFlight<Result> {
  // Bounded by the number of concurrent requests.
  const running = new Map<string, Promise<Result>>()

  return async function singleFlight(key, task) {
    const joined = running.get(key)
    if (joined) return join(key, joined)
    const started = task()
    running.set(key, started)
    const settle = () => remove(key, started)
    options.waitUntil(started.then(settle, settle))
    return started
  }

  async function join(key: string, task: Promise<Result>): Promise<Result> {
    const timeout = rejectOnAbort(options.deadline(JOIN_MILLISECONDS)).catch(() => {
      remove(key, task)
      throw options.onTimeout()
    })
    return Promise.race([task, timeout])
  }

  function remove(key: string, task: Promise<Result>): void {
    // A task that was given up may settle after its successor has started.
    if (running.get(key) === task) running.delete(key)
  }
}
