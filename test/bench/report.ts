/** The tables of a run: first what it can resolve, then one row for each row of each operation. */

import type { Results } from './bench.ts'
import { decideGoals, type Round, resolve, toRounds } from './goals.ts'
import { DESCRIPTIONS, OPERATIONS, type Operation, ROWS } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, percentile } from './stats.ts'
import { figure, table } from './table.ts'

export function report(results: Results): string {
  const { cells, notices } = results
  const rounds = toRounds(cells)
  const measured = OPERATIONS.filter((name) => cells.some(({ operation }) => operation === name))
  const resolutions = measured.map((operation) => [
    operation,
    DESCRIPTIONS[operation],
    toTime(operation, resolve(rounds, operation)),
  ])
  const rows = measured.flatMap((operation) =>
    cells.filter((cell) => cell.operation === operation).map((cell) => toRow(cell, rounds)),
  )
  const goals = decideGoals(cells).map(({ goal, verdict, ...decided }) => [
    goal.operation,
    ROWS[goal.row],
    goal.text,
    toTime(goal.operation, decided.measured),
    toTime(goal.operation, decided.limit),
    verdict,
  ])
  return [
    toHeader(results),
    'Two rows of the same bare Worker differ by up to this, in 95 % of 1,000 resamples of the rounds. What is within it shows no difference.',
    table(['operation', 'request', 'resolution'], resolutions),
    'Processor time of the server, per request; medians of the rounds. Differences and ratios are against the mean of both bare rows in the same round.',
    table(
      ['operation', 'row', 'time', 'above bare', 'times bare', '10th to 90th percentile'],
      rows,
    ),
    table(['operation', 'row', 'goal', 'measured', 'limit', 'verdict'], goals),
    ...notices,
  ].join('\n\n')
}

function toHeader({ machine, date, seconds, bundle, cells }: Results): string {
  const rounds = Math.max(...cells.map(({ samples }) => samples.length))
  return `${date}, ${machine}; ${rounds} rounds in ${seconds} s. The login Worker has ${figure(bundle / 1024)} KiB after gzip.`
}

function toRow({ operation, row, samples, failure }: Cell, rounds: readonly Round[]): string[] {
  if (failure !== null) return [operation, ROWS[row], `FAILED: ${failure}`]
  const ratio = ({ of, above }: Round) => {
    return of(operation, row) / (of(operation, row) - above(operation, row))
  }
  return [
    operation,
    ROWS[row],
    toTime(operation, median(samples)),
    toTime(operation, median(rounds.map(({ above }) => above(operation, row)))),
    median(rounds.map(ratio)).toFixed(2),
    `${toTime(operation, percentile(samples, 0.1))} to ${toTime(operation, percentile(samples, 0.9))}`,
  ]
}

/** `231 us`, and `22.5 ms` for a cold start. */
export function toTime(operation: Operation, microseconds: number): string {
  if (Number.isNaN(microseconds)) return 'unknown'
  if (operation !== 'cold-start') return `${Math.round(microseconds)} us`
  return `${(microseconds / 1000).toFixed(1)} ms`
}
