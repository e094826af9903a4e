/** The table of a run, and before it what the run can resolve. */

import { table } from '../support/table.ts'
import type { Results } from './bench.ts'
import { type Decided, decideGoals, type Round, resolve, toRounds } from './goals.ts'
import { DESCRIPTIONS, OPERATIONS, type Operation, ROWS } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, percentile } from './stats.ts'

export function report({ date, machine, seconds, cells, notices }: Results): string {
  const rounds = toRounds(cells)
  const goals = decideGoals(cells)
  const measured = OPERATIONS.filter((name) => cells.some(({ operation }) => operation === name))
  const resolutions = measured.map((operation) => {
    return [operation, DESCRIPTIONS[operation], toTime(operation, resolve(rounds, operation))]
  })
  const rows = measured.flatMap((operation) =>
    cells
      .filter((cell) => cell.operation === operation)
      .map((cell) =>
        toRow(
          cell,
          rounds,
          goals.filter(({ goal }) => isGoalOf(goal, cell)),
        ),
      ),
  )
  const head = ['operation', 'row', 'time', '10th to 90th percentile', 'above bare', 'times bare']
  return [
    `${date}, ${machine}; ${rounds.length} rounds in ${seconds} s.`,
    'Two rows of the same bare Worker differ by up to the resolution, in 95 % of 1,000 resamples of the rounds. What is within it shows no difference.',
    table(['operation', 'request', 'resolution'], resolutions),
    'Processor time of the server, per request: the median of the rounds. Differences, ratios and limits are medians, too, against the mean of both bare rows in the same round.',
    table([...head, 'goal'], rows),
    ...notices,
  ].join('\n\n')
}

function isGoalOf({ operation, row }: Decided['goal'], cell: Cell): boolean {
  return operation === cell.operation && row === cell.row
}

function toRow(cell: Cell, rounds: readonly Round[], goals: readonly Decided[]): string[] {
  const { operation, row, samples, failure } = cell
  if (failure !== null) return [operation, ROWS[row], `FAILED: ${failure}`]
  const time = (microseconds: number) => toTime(operation, microseconds)
  return [
    operation,
    ROWS[row],
    time(median(samples)),
    `${time(percentile(samples, 0.1))} to ${time(percentile(samples, 0.9))}`,
    time(median(rounds.map(({ above }) => above(operation, row)))),
    median(rounds.map((round) => round.times(operation, row))).toFixed(2),
    goals.map(({ goal, limit, verdict }) => `${goal.text}: ${time(limit)}, ${verdict}`).join('; '),
  ]
}

/** `231 us`, and `22.5 ms` for a cold start. */
export function toTime(operation: Operation, microseconds: number): string {
  if (Number.isNaN(microseconds)) return 'unknown'
  if (operation !== 'cold-start') return `${Math.round(microseconds)} us`
  return `${(microseconds / 1000).toFixed(1)} ms`
}
