/** Markdown tables, aligned for a terminal, and their places in documents. */

import { readFileSync, writeFileSync } from 'node:fs'

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

/** Writes tables into a document, between their markers. */
export function writeTables(path: string, tables: Readonly<Record<string, string>>): void {
  let text = readFileSync(path, 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const block = new RegExp(`(?<=<!-- ${name}:begin -->\n)[\\s\\S]*?(?=<!-- ${name}:end -->)`)
    if (!block.test(text)) throw new Error(`${path} has no place for ${name}`)
    text = text.replace(block, () => `${table}\n`)
  }
  writeFileSync(path, text)
}
