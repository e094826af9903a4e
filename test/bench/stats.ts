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
 * How far apart two rows of the same program are, as a factor of at least 1: the median of the ratios
 * of the rounds, or its inverse, in 95 % of the resamples of the rounds. A ratio between
 * `1 / factor` and `factor` shows no difference.
 *
 * @param one The figure of each round.
 * @param other The figure of each round, of the same program in another process.
 * @example
 * resolveRatio([1, 1, 1], [1.1, 1.1, 1.1]) // 1.1
 */
export function resolveRatio(one: readonly number[], other: readonly number[]): number {
  const pairs = toPairs(one, other)
  return Math.exp(resolve(pairs.map(([a, b]) => Math.log(b / a))))
}

/** The same for a difference, in the unit of the figures. */
export function resolveDifference(one: readonly number[], other: readonly number[]): number {
  return resolve(toPairs(one, other).map(([a, b]) => b - a))
}

/** Of each round, the two figures that share the state that the machine was in. */
export function toPairs(one: readonly number[], other: readonly number[]): [number, number][] {
  const rounds = Math.min(one.length, other.length)
  return Array.from({ length: rounds }, (_, round) => [
    one[round] ?? Number.NaN,
    other[round] ?? Number.NaN,
  ])
}

/** How far from zero the median is in 95 % of the resamples, each drawn with replacement. */
function resolve(values: readonly number[]): number {
  const random = createRandom(1)
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[random.below(values.length)] ?? Number.NaN)),
  )
  return percentile(medians.map(Math.abs), COVERED)
}
