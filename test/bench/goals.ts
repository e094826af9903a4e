/** What the figures of a run say: each row above the bare Worker, and whether a goal is missed. */

import { BASELINE, OPERATIONS, type Operation, type Row } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, resolveDifferences } from './stats.ts'

/** With fewer, the resamples of the rounds say too little. */
export const LEAST_ROUNDS = 6

/** The figures of one round, in microseconds; NaN for what was not measured. */
export interface Round {
  of(operation: Operation, row: Row): number
  /** More than the mean of both rows of the bare Worker. */
  above(operation: Operation, row: Row): number
  /** The same as a factor. */
  times(operation: Operation, row: Row): number
}

export interface Goal {
  readonly operation: Operation
  readonly row: Row
  readonly text: string
  /** The figure that has a limit. */
  measured(round: Round): number
  limit(round: Round): number
}

function againstBaseline(operation: Operation, share: number, name: string): Goal {
  return {
    operation,
    row: 'ours',
    text: `at most ${name} of ${BASELINE} above bare`,
    measured: (round) => round.above(operation, 'ours'),
    limit: (round) => share * round.above(operation, 'baseline'),
  }
}

function againstEasywechat(row: Row, operation: Operation, factor: number): Goal {
  return {
    operation,
    row,
    text: `at most ${factor.toFixed(1)} times node-easywechat`,
    measured: (round) => round.of(operation, row),
    limit: (round) => factor * round.of(operation, 'easywechat'),
  }
}

export const GOALS: readonly Goal[] = [
  ...(['login', 'introspect'] as const).map((operation) =>
    againstBaseline(operation, 1 / 2, 'half'),
  ),
  ...(['check', 'verify', 'decrypt', 'order'] as const).map((operation) =>
    againstBaseline(operation, 2 / 3, 'two thirds'),
  ),
  {
    operation: 'cold-start',
    row: 'ours',
    text: 'at most 5 ms above bare',
    measured: (round) => round.above('cold-start', 'ours'),
    limit: () => 5000,
  },
  ...(['sqlite', 'redis'] as const).flatMap((row) => [
    againstEasywechat(row, 'login', 1),
    againstEasywechat(row, 'check', 1.5),
    againstEasywechat(row, 'decrypt', 1.5),
  ]),
]

export type Verdict = 'met' | 'within the resolution' | 'MISSED' | 'too few rounds' | 'not measured'

export interface Decided {
  readonly goal: Goal
  /** Medians of the rounds, in microseconds. */
  readonly measured: number
  readonly limit: number
  readonly verdict: Verdict
}

/** What is read of each round. */
export function toRounds(cells: readonly Cell[]): Round[] {
  const rounds = Math.max(0, ...cells.map(({ samples }) => samples.length))
  return Array.from({ length: rounds }, (_, index) => {
    const of = (operation: Operation, row: Row) => {
      const cell = cells.find((cell) => cell.operation === operation && cell.row === row)
      return (cell?.failure === null ? cell.samples[index] : undefined) ?? Number.NaN
    }
    const bare = (operation: Operation) => (of(operation, 'bare') + of(operation, 'again')) / 2
    return {
      of,
      above: (operation, row) => of(operation, row) - bare(operation),
      times: (operation, row) => of(operation, row) / bare(operation),
    }
  })
}

/** What the two rows of the bare Worker differ by, in microseconds; NaN if one is missing. */
export function resolve(rounds: readonly Round[], operation: Operation): number {
  return resolveDifferences(rounds.map(({ of }) => of(operation, 'again') - of(operation, 'bare')))
}

/** The goals of the operations and rows that were to be measured. */
export function decideGoals(cells: readonly Cell[]): Decided[] {
  const rounds = toRounds(cells)
  const isMeasured = ({ operation, row }: Goal) =>
    cells.some((cell) => cell.operation === operation && cell.row === row)
  return GOALS.filter(isMeasured)
    .toSorted((a, b) => OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation))
    .map((goal) => {
      const excess = median(rounds.map((round) => goal.measured(round) - goal.limit(round)))
      return {
        goal,
        measured: median(rounds.map(goal.measured)),
        limit: median(rounds.map(goal.limit)),
        verdict: toVerdict(excess, resolve(rounds, goal.operation), rounds.length),
      }
    })
}

/**
 * @param excess What is measured above the limit; NaN if it was not measured.
 * @example
 * toVerdict(3, 5, 20) // 'within the resolution'
 */
export function toVerdict(excess: number, resolution: number, rounds: number): Verdict {
  if (Number.isNaN(excess + resolution)) return 'not measured'
  if (rounds < LEAST_ROUNDS) return 'too few rounds'
  if (excess <= 0) return 'met'
  return excess <= resolution ? 'within the resolution' : 'MISSED'
}

/** Whether a goal is missed, or something failed. */
export function isFailure(cells: readonly Cell[]): boolean {
  const isMissed = decideGoals(cells).some(({ verdict }) => verdict === 'MISSED')
  return isMissed || cells.some(({ failure }) => failure !== null)
}
