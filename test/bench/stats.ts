/** Percentiles, and how small a difference the rounds of a benchmark can show. */

import { createRandom } from './random.ts'

/** All figures of a run are compared by this percentile; the 20th is printed beside it. */
export const MEDIAN = 0.5

const RESAMPLES = 1000
/** A resolution covers this share of the resamples. */
const COVERED = 0.95

/**
 * The percentile of these values, interpolated linearly; NaN of none.
 *
 * @param share 0.2 for the 20th percentile
 * @example
 * percentile([10, 20, 30], 0.5) // 20
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const position = (sorted.length - 1) * share
  const low = sorted[Math.floor(position)] ?? Number.NaN
  const high = sorted[Math.ceil(position)] ?? Number.NaN
  return low + (high - low) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return percentile(values, MEDIAN)
}

/**
 * How far apart the medians of two rows of the same program are, as a factor of at least 1: the
 * larger of their ratio and its inverse, in 95 % of the resamples of the rounds. A ratio between
 * `1 / factor` and `factor` shows no difference.
 *
 * @param one The figure of each round.
 * @param other The figure of each round, of the same program in another process.
 * @example
 * resolveRatio([1, 1, 1], [1.1, 1.1, 1.1]) // 1.1
 */
export function resolveRatio(one: readonly number[], other: readonly number[]): number {
  const logarithms = resample(one, other).map(([a, b]) => Math.abs(Math.log(b / a)))
  return Math.exp(percentile(logarithms, COVERED))
}

/** The same for a difference, in the unit of the figures. */
export function resolveDifference(one: readonly number[], other: readonly number[]): number {
  return percentile(
    resample(one, other).map(([a, b]) => Math.abs(b - a)),
    COVERED,
  )
}

/** Pairs of medians, each of as many rounds as there are, drawn with replacement. */
function resample(one: readonly number[], other: readonly number[]): [number, number][] {
  // Always the same, so that the same results print the same.
  const random = createRandom(1)
  const rounds = Math.min(one.length, other.length)
  return Array.from({ length: RESAMPLES }, () => {
    // The two of one round stay together: they share the state that the machine was in.
    const drawn = Array.from({ length: rounds }, () => random.below(rounds))
    const medianAt = (values: readonly number[]) =>
      median(drawn.map((round) => values[round] ?? Number.NaN))
    return [medianAt(one), medianAt(other)]
  })
}
