/** The performance goals, and whether a run has missed one of them. */

import type { Operation, Platform } from './operations.ts'

export interface Goal {
  readonly operation: Operation
  readonly platform: Platform
  /**
   * `cpu`: at most this many times a bare Worker's processor time per request. `rate`: at least this
   * share of its requests per second. `milliseconds`: at most this much longer.
   */
  readonly measure: Measure
  readonly limit: number
  /** Why it is this number. Earlier runs are those of 2026-11-21, as multiples of a bare Worker. */
  readonly origin: string
}

export type Measure = 'cpu' | 'rate' | 'milliseconds'

const RATE_ORIGIN = 'earlier runs: 0.81 to 0.84; with all of these, 0.78 to 0.93'

/** docs/performance.md has the same table, in both languages; a test compares them. */
export const GOALS: readonly Goal[] = [
  {
    operation: 'check',
    platform: 'workerd',
    measure: 'cpu',
    limit: 1.5,
    origin:
      'earlier runs: 1.67 to 1.79; without the router and without opening the record, 1.02 to 1.22',
  },
  {
    operation: 'verify',
    platform: 'workerd',
    measure: 'cpu',
    limit: 1.5,
    origin: 'that of a check, which does the same work',
  },
  {
    operation: 'login',
    platform: 'workerd',
    measure: 'cpu',
    limit: 1.5,
    origin:
      'earlier runs: 1.75 to 2.04; without the router and with a lighter call to WeChat, 1.47 to 1.85',
  },
  {
    operation: 'decrypt',
    platform: 'workerd',
    measure: 'cpu',
    limit: 1.4,
    origin:
      'earlier runs: 1.54 to 1.59; without the router and with a lighter derivation of the key, 1.12 to 1.37',
  },
  {
    operation: 'order',
    platform: 'workerd',
    measure: 'cpu',
    limit: 1.25,
    origin:
      'both sign twice; a quarter is for checking the order and the signature of the response',
  },
  ...(['check', 'verify', 'introspect', 'login', 'decrypt'] as const).map(
    (operation): Goal => ({
      operation,
      platform: 'Miniflare',
      measure: 'rate',
      limit: 0.9,
      origin: RATE_ORIGIN,
    }),
  ),
  {
    operation: 'cold-start',
    platform: 'workerd',
    measure: 'milliseconds',
    limit: 4,
    origin: 'earlier runs: 5.8 and 7.9 ms more; without the router, 3.6 to 4.7 ms',
  },
]

/** With fewer, the resamples of the rounds say too little. */
export const LEAST_ROUNDS = 6

export type Verdict = 'met' | 'within the resolution' | 'MISSED' | 'too few rounds' | 'not measured'

/**
 * Whether a measured ratio or difference meets its goal.
 *
 * @param measured NaN if it was not measured.
 * @param resolution A factor, or milliseconds for a goal in milliseconds; NaN likewise.
 * @example
 * toVerdict(goal, { measured: 1.52, resolution: 1.03, rounds: 20 }) // 'within the resolution'
 */
export function toVerdict(
  { measure, limit }: Pick<Goal, 'measure' | 'limit'>,
  { measured, resolution, rounds }: { measured: number; resolution: number; rounds: number },
): Verdict {
  if (Number.isNaN(measured) || Number.isNaN(resolution)) return 'not measured'
  if (rounds < LEAST_ROUNDS) return 'too few rounds'
  const isMet = (limit: number) => (measure === 'rate' ? measured >= limit : measured <= limit)
  if (isMet(limit)) return 'met'
  const furthest = { cpu: limit * resolution, rate: limit / resolution }
  const lenient = measure === 'milliseconds' ? limit + resolution : furthest[measure]
  return isMet(lenient) ? 'within the resolution' : 'MISSED'
}

/** `CPU <= 1.5` */
export function toGoalText({ measure, limit }: Goal): string {
  if (measure === 'milliseconds') return `<= +${limit} ms`
  return measure === 'cpu' ? `CPU <= ${limit}` : `requests/s >= ${limit}`
}
