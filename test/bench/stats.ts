/** Percentiles, and how small a difference the rounds of a benchmark can show. */

import { createRandom } from '../support/random.ts'

const RESAMPLES = 1000
/** A resolution covers this share of the resamples. */
const COVERED = 0.95

/** The percentile of these values, interpolated linearly; the share of the 20th is 0.2. NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const position = (sorted.length - 1) * share
  const low = sorted[Math.floor(position)] ?? Number.NaN
  const high = sorted[Math.ceil(position)] ?? Number.NaN
  return low + (high - low) * (position - Math.floor(position))
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/**
 * How far from zero the median of these differences is in 95 % of their resamples, each drawn with
 * replacement. They are of two rows of the same program, round by round: a smaller difference between
 * any two rows shows nothing.
 */
export function resolveDifferences(differences: readonly number[]): number {
  const random = createRandom(1)
  const draw = () => differences[random.below(differences.length)] ?? Number.NaN
  const medians = Array.from({ length: RESAMPLES }, () => median(differences.map(draw)))
  return percentile(medians.map(Math.abs), COVERED)
}
