/** Markdown tables, aligned for a terminal. */

/** A row with fewer cells than the head leaves the rest empty. */
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

/** A number with its significant digits only; nothing for NaN. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return ''
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  return size >= 10 ? value.toFixed(1) : value.toFixed(2)
}
