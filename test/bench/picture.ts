/** Draws a run: what each row costs above a bare Worker, a bar a row. */

import { createReader } from './goals.ts'
import { DESCRIPTIONS, OPERATIONS, ROWS } from './operations.ts'
import { toTime } from './report.ts'
import type { Cell } from './rounds.ts'

const WIDTH = 820
const LABELS = 220
/** Room for a value at the end of a bar. */
const VALUE = 110
const LINE = 18

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .head { font-weight: 600 }
  .label { text-anchor: end }
  line { stroke: #8c959f }
  rect { fill: #afb8c1 }
  .ours { fill: #0969da }
  .sqlite, .redis { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    line { stroke: #6e7681 }
    rect { fill: #57606a }
    .ours { fill: #2f81f7 }
    .sqlite, .redis { fill: #3fb950 }
  }`

/** An SVG that is readable on light and on dark ground. The bars of cold starts have a scale of their own. */
export function draw(cells: readonly Cell[]): string {
  const read = createReader(cells)
  const bars = cells
    .filter(({ row }) => row !== 'bare' && row !== 'again')
    .map(({ operation, row }) => {
      const [above, times] = [read('above', operation, row), read('times', operation, row)]
      return { operation, row, above, times }
    })
  const isStart = ({ operation }: { operation: string }) => operation === 'cold-start'
  const requests = bars.filter((bar) => !isStart(bar)).map(({ above }) => above)
  const lowest = Math.min(0, ...requests)
  const scale = (WIDTH - LABELS - VALUE) / (Math.max(1, ...requests) - lowest)
  const zero = LABELS - lowest * scale
  const longest = Math.max(1, ...bars.filter(isStart).map(({ above }) => above))
  const startScale = (WIDTH - zero - VALUE) / longest

  let y = 0
  const parts = OPERATIONS.flatMap((operation) => {
    const group = bars.filter((bar) => bar.operation === operation)
    if (group.length === 0) return []
    y += LINE * 1.5
    const title = `${operation}: ${DESCRIPTIONS[operation].replaceAll('`', '')}`
    const axis = `x1="${zero.toFixed(1)}" x2="${zero.toFixed(1)}"`
    return [
      `<text class="head" x="0" y="${y}">${title}</text>`,
      `<line ${axis} y1="${y + 4}" y2="${y + 6 + LINE * group.length}"/>`,
      ...group.map(({ row, above, times }) => {
        y += LINE
        const length = above * (operation === 'cold-start' ? startScale : scale)
        const [from, to] = [zero + Math.min(0, length), zero + Math.max(0, length)]
        const value = `${toTime(operation, above)} (${times.toFixed(2)} ×)`
        return `<text class="label" x="${LABELS - 10}" y="${y}">${ROWS[row]}</text>
<rect class="${row}" x="${from.toFixed(1)}" y="${y - 11}" width="${(to - from).toFixed(1)}" height="14"/>
<text x="${(to + 6).toFixed(1)}" y="${y}">${value}</text>`
      }),
    ]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + LINE}" role="img">
<title>Processor time above a bare Worker</title>
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`
}
