/** What the watch page can do to time: set the clock forward, and slow down WeChat. */

export type Clock = ReturnType<typeof createClock>
export type Delay = ReturnType<typeof createDelay>

const LONGEST_DELAY = 3000

/** The clock of the Worker and of WeChat, in Unix seconds. It starts at the real time. */
export function createClock(now: () => number) {
  let skipped = 0
  return {
    now: () => now() + skipped,
    /** How far this clock is ahead of the real time, in seconds. */
    skipped: () => skipped,
    skip(seconds: number): void {
      skipped += seconds
    },
  }
}

/** Delays the next call to WeChat, so that other requests can arrive before its response. */
export function createDelay() {
  let next = 0
  return {
    set(milliseconds: number): void {
      next = Math.min(Math.max(milliseconds, 0), LONGEST_DELAY)
    },
    async wait(): Promise<void> {
      const milliseconds = next
      next = 0
      if (milliseconds > 0) await scheduler.wait(milliseconds)
    },
  }
}
