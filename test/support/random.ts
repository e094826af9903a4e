/** A seeded generator: the same seed gives the same numbers. Never for secrets. */

export type Random = ReturnType<typeof createRandom>

/** Mulberry32. */
export function createRandom(seed: number) {
  let state = seed

  /** From 0 up to 1. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  return {
    next,
    /** A whole number from 0 up to the limit, without it. */
    below: (limit: number) => Math.floor(next() * limit),
    /** An index of these weights, each as likely as its weight says. */
    weighted(weights: readonly number[]): number {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0)
      const index = weights.findIndex((weight) => {
        left -= weight
        return left < 0
      })
      return Math.max(0, index)
    },
  }
}
