/** What the figures of a run say: each row above the bare Worker, and whether a goal is missed. */

import { BASELINE, type Operation, type Row } from './operations.ts'
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

/** What is read of each round has a limit there, both in microseconds. */
export interface Goal {
  readonly operation: Operation
  readonly row: Row
  readonly text: string
  measured(round: Round): number
  limit(round: Round): number
}

function toBaselineGoal(operation: Operation, share: number, text: string): Goal {
  return {
    operation,
    row: 'ours',
    text: `at most ${text} of ${BASELINE} above bare`,
    measured: ({ above }) => above(operation, 'ours'),
    limit: ({ above }) => share * above(operation, 'baseline'),
  }
}

function toServerGoal(operation: Operation, row: Row, factor: number): Goal {
  return {
    operation,
    row,
    text: `at most ${factor.toFixed(1)} times node-easywechat`,
    measured: ({ of }) => of(operation, row),
    limit: ({ of }) => factor * of(operation, 'easywechat'),
  }
}

/** A JWT access token may cost so many microseconds more than what a session's token costs. */
function toJwtGoal(operation: Operation, than: Operation, microseconds: number): Goal {
  return {
    operation,
    row: 'ours',
    text: `at most ${microseconds} µs more than ${than}`,
    measured: ({ of }) => of(operation, 'ours'),
    limit: ({ of }) => of(than, 'ours') + microseconds,
  }
}

export const GOALS: readonly Goal[] = [
  toBaselineGoal('check', 2 / 3, 'two thirds'),
  toBaselineGoal('verify', 2 / 3, 'two thirds'),
  toBaselineGoal('introspect', 1 / 2, 'half'),
  toJwtGoal('issue', 'check', 60),
  toJwtGoal('introspect-jwt', 'introspect', 150),
  toBaselineGoal('login', 1 / 2, 'half'),
  toBaselineGoal('decrypt', 2 / 3, 'two thirds'),
  toBaselineGoal('order', 2 / 3, 'two thirds'),
  {
    operation: 'cold-start',
    row: 'ours',
    text: 'at most 5 ms above bare',
    measured: ({ above }) => above('cold-start', 'ours'),
    limit: () => 5000,
  },
  ...(['sqlite', 'redis'] as const).flatMap((row) => [
    toServerGoal('check', row, 1.5),
    toServerGoal('login', row, 1),
    toServerGoal('decrypt', row, 1.5),
  ]),
]

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

/** Reads the medians of the rounds. */
export function createReader(cells: readonly Cell[]) {
  const rounds = toRounds(cells)
  return (figure: keyof Round, operation: Operation, row: Row) =>
    median(rounds.map((round) => round[figure](operation, row)))
}

/** What the two rows of the bare Worker differ by, in microseconds; NaN if one is missing. */
export function resolve(rounds: readonly Round[], operation: Operation): number {
  return resolveDifferences(rounds.map(({ of }) => of(operation, 'again') - of(operation, 'bare')))
}

/** The goals of the operations and rows that were to be measured, with the medians of the rounds. */
export function decideGoals(cells: readonly Cell[]) {
  const rounds = toRounds(cells)
  const read = (figure: (round: Round) => number) => median(rounds.map(figure))
  const isMeasured = ({ operation, row }: Goal) =>
    cells.some((cell) => cell.operation === operation && cell.row === row)
  return GOALS.filter(isMeasured).map((goal) => {
    const excess = read((round) => goal.measured(round) - goal.limit(round))
    const verdict = toVerdict(excess, resolve(rounds, goal.operation), rounds.length)
    const measured = read(goal.measured)
    return { goal, measured, limit: measured - excess, verdict }
  })
}

/** @param excess What is measured above the limit; NaN if it was not measured. */
export function toVerdict(excess: number, resolution: number, rounds: number) {
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
