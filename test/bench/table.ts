/** Markdown tables, aligned for a terminal. */

import type { Spread } from './stats.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => ''), ...rows]
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row, line) =>
    widths.map((width, column) =>
      line === 1 ? '-'.repeat(width) : (row[column] ?? '').padEnd(width),
    ),
  )
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** A number with its significant digits only. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A median with its minimum and maximum. */
export function range({ median, min, max }: Spread): string {
  return `${figure(median)} (${figure(min)} to ${figure(max)})`
}
