/** A clock that stands still between I/O, as that of a Worker does. */

export type Clock = ReturnType<typeof createClock>

export function createClock() {
  let milliseconds = 1_790_000_000_000
  return {
    /** Unix time in whole seconds. A test may set it. */
    get now() {
      return Math.floor(milliseconds / 1000)
    },
    set now(seconds: number) {
      milliseconds = seconds * 1000
    },
    /** Unix time in milliseconds. */
    nowMilliseconds: () => milliseconds,
    /** Lets time pass, in milliseconds. */
    pass: (length: number) => {
      milliseconds += length
    },
  }
}
