/** Writes a run into the documents: the table, the picture, and what docs/performance.md says of both. */

import { writeFileSync } from 'node:fs'
import { writeTables } from '../support/table.ts'
import type { Results } from './bench.ts'
import { createReader, decideGoals, resolve, toRounds } from './goals.ts'
import { BASELINE, OPERATIONS, ROWS } from './operations.ts'
import { draw } from './picture.ts'
import { report, toTime } from './report.ts'

export const CHINESE: Readonly<Record<string, string>> = {
  operation: '操作',
  'bare Worker': '最小 Worker',
  'above it': '高出',
  'times bare': '倍数',
  [`above, ${BASELINE}`]: `${BASELINE} 高出`,
  rounds: '轮',
  resolution: '测量误差范围',
  'cold-start': '冷启动',
  row: '对象',
  goal: '目标',
  'measured > limit': '测得 > 上限',
  [`at most half of ${BASELINE} above bare`]: `高出部分不超过 ${BASELINE} 的一半`,
  [`at most two thirds of ${BASELINE} above bare`]: `高出部分不超过 ${BASELINE} 的三分之二`,
  'at most 5 ms above bare': '最多高出 5 ms',
  'at most 1.0 times node-easywechat': '不超过 node-easywechat',
  'at most 1.5 times node-easywechat': '不超过 node-easywechat 的 1.5 倍',
  'at most 60 µs more than check': '比 check 最多多 60 µs',
  'at most 150 µs more than introspect': '比 introspect 最多多 150 µs',
  'Every goal is met.': '所有目标都已达到。',
}

/** All files of a run of everything. */
export function writeDocuments(results: Results): void {
  writeFileSync('test/bench/results.md', `# The last full run\n\n${report(results)}\n`)
  writeFileSync('docs/performance.svg', draw(results.cells))
  writeTables('docs/performance.md', toTables(results, {}))
  writeTables('docs/zh-CN/performance.md', toTables(results, CHINESE))
}

/** The tables of docs/performance.md by the names of their markers. */
export function toTables(
  { date, machine, cells }: Results,
  texts: Readonly<Record<string, string>>,
) {
  const translate = (text: string) => texts[text] ?? text
  const rounds = toRounds(cells)
  const toTable = (head: readonly string[], rows: readonly (readonly string[])[]) => {
    const toLine = (cells: readonly string[]) => `| ${cells.map(translate).join(' | ')} |`
    return [toLine(head), `|${'---|'.repeat(head.length)}`, ...rows.map(toLine)].join('\n')
  }
  const read = createReader(cells)
  const missed = decideGoals(cells).filter(({ verdict }) => verdict === 'MISSED')
  return {
    'measured-costs': [
      toTable(
        ['operation', 'bare Worker', 'above it', 'times bare', `above, ${BASELINE}`, 'resolution'],
        OPERATIONS.map((operation) => [
          operation,
          toTime(operation, read('of', operation, 'bare')),
          toTime(operation, read('above', operation, 'ours')),
          read('times', operation, 'ours').toFixed(2),
          toTime(operation, read('above', operation, 'baseline')),
          toTime(operation, resolve(rounds, operation)),
        ]),
      ),
      `${date}, ${machine}, ${rounds.length} ${translate('rounds')}`,
    ].join('\n\n'),
    'measured-goals':
      missed.length === 0
        ? translate('Every goal is met.')
        : toTable(['row', 'goal', 'measured > limit'], toMissedRows(missed)),
  }
}

/** One for each goal of a row; the operations that miss it share it. */
function toMissedRows(missed: ReturnType<typeof decideGoals>): string[][] {
  const rows = new Map<string, string[]>()
  for (const { goal, measured, limit } of missed) {
    const { operation, row, text } = goal
    const excess = `${operation} ${toTime(operation, measured)} > ${toTime(operation, limit)}`
    const found = rows.get(row + text)
    if (found) found[2] += `, ${excess}`
    else rows.set(row + text, [ROWS[row], text, excess])
  }
  return [...rows.values()]
}
