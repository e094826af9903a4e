/** What a mutation run has found. */

import { table } from '../support/table.ts'
import { describeChange } from './draw.ts'
import type { Mutant } from './mutants.ts'

export interface Result {
  readonly mutant: Mutant
  /** What noticed it first, if anything; `tests` are those of the project `workerd`, in Node. */
  readonly killer?: (typeof KILLERS)[number]
  /** What it said, such as the name of a test. */
  readonly failure?: string
}

const KILLERS = ['tests', 'types', 'lint', 'node', 'workerd'] as const

export function report(results: readonly Result[]): string {
  const code = results.filter(({ mutant }) => !mutant.isText)
  const texts = results.filter(({ mutant }) => mutant.isText)
  const rooms = [...Map.groupBy(code, ({ mutant }) => toRoom(mutant.file))].sort()
  const rows = [...rooms, ['all', code] as const, ['texts, apart', texts] as const]
  const survivors = code.filter(({ killer }) => !killer).map(({ mutant }) => mutant)
  return [
    table(
      ['room', 'mutants', 'killed', '%', 'of all, 95 %', ...KILLERS],
      rows.map(([room, some]) => [room, ...toCells(some)]),
    ),
    `${survivors.length} survive:`,
    ...survivors.map((mutant) => `${mutant.file}:${mutant.line}  ${describeChange(mutant)}`).sort(),
  ].join('\n')
}

/** Such as `src/pay`, or `src` for its own files. */
function toRoom(file: string): string {
  return /^src\/(login\/(http|wechat)|[^/]+)(?=\/)/.exec(file)?.[0] ?? 'src'
}

function toCells(results: readonly Result[]): string[] {
  const count = results.length
  const killed = results.filter(({ killer }) => killer).length
  const counts = KILLERS.map((one) => results.filter(({ killer }) => killer === one).length)
  if (count === 0) return ['0']
  const interval = wilson(killed, count).map(toPercent).join(' to ')
  return [`${count}`, `${killed}`, toPercent(killed / count), interval, ...counts.map(String)]
}

/** Wilson's interval, which holds the share of all mutants in 95 % of the draws. */
function wilson(killed: number, count: number): [low: number, high: number] {
  const z = 1.96
  const share = killed / count
  const middle = share + z ** 2 / (2 * count)
  const half = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))
  const scale = 1 + z ** 2 / count
  return [(middle - half) / scale, (middle + half) / scale]
}

const toPercent = (share: number) => (share * 100).toFixed(1)
