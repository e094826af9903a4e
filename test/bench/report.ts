/** The table of a run, and before it what the run can resolve. */

import { table } from '../support/table.ts'
import type { Results } from './bench.ts'
import { createReader, decideGoals, resolve, toRounds } from './goals.ts'
import { DESCRIPTIONS, type Operation, ROWS } from './operations.ts'

export function report({ date, machine, seconds, cells, notices }: Results): string {
  const rounds = toRounds(cells)
  const goals = decideGoals(cells)
  const operations = [...new Set(cells.map(({ operation }) => operation))]
  const resolutions = operations.map((operation) => {
    return [operation, DESCRIPTIONS[operation], toTime(operation, resolve(rounds, operation))]
  })
  const read = createReader(cells)
  const rows = cells.map(({ operation, row, failure }) => [
    operation,
    ROWS[row],
    failure === null ? toTime(operation, read('of', operation, row)) : `FAILED: ${failure}`,
    toTime(operation, read('above', operation, row)),
    failure === null ? read('times', operation, row).toFixed(2) : '',
    goals
      .filter(({ goal }) => goal.operation === operation && goal.row === row)
      .map(({ goal, limit, verdict }) => `${goal.text}: ${toTime(operation, limit)}, ${verdict}`)
      .join('; '),
  ])
  return [
    `${date}, ${machine}; ${rounds.length} rounds in ${seconds} s.`,
    'Two rows of the same bare Worker differ by up to the resolution, in 95 % of 1,000 resamples of the rounds. What is within it shows no difference.',
    table(['operation', 'request', 'resolution'], resolutions),
    'Processor time of the server, per request: the median of the rounds. Differences, ratios and limits are medians, too, against the mean of both bare rows in the same round.',
    table(['operation', 'row', 'time', 'above bare', 'times bare', 'goal'], rows),
    ...notices,
  ].join('\n\n')
}

/** `231 µs`, and `22.5 ms` for a cold start; nothing for NaN. */
export function toTime(operation: Operation, microseconds: number): string {
  if (Number.isNaN(microseconds)) return ''
  if (operation !== 'cold-start') return `${Math.round(microseconds)} µs`
  return `${(microseconds / 1000).toFixed(1)} ms`
}
