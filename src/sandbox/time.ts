/** Time as the watch page plays with it: a clock to set forward, and a WeChat that takes its time. */

export type Clock = ReturnType<typeof createClock>
export type Slowness = ReturnType<typeof createSlowness>

const LONGEST_WAIT = 3000

/** The clock of the Worker and of WeChat, in Unix seconds. */
export function createClock(now: () => number) {
  let skipped = 0
  return {
    now: () => now() + skipped,
    skipped: () => skipped,
    skip(seconds: number): void {
      skipped += seconds
    },
  }
}

/** Holds up the next call to WeChat, so that others can arrive while it is under way. */
export function createSlowness() {
  let next = 0
  return {
    set(milliseconds: number): void {
      next = Math.min(Math.max(milliseconds, 0), LONGEST_WAIT)
    },
    async pass(): Promise<void> {
      const wait = next
      next = 0
      if (wait > 0) await scheduler.wait(wait)
    },
  }
}
