/**
 * `npm run simulate`: what each operation waits for, and a day of a population against the real app.
 * Writes the tables of docs/performance.md in both languages; the same seed gives the same figures.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { startMiniflare } from '../../support/miniflare.ts'
import { bundle } from '../build.ts'
import { toTables } from './report.ts'
import type { Simulation } from './worker.ts'

const server = await startMiniflare([{ name: 'simulation', code: bundle('../simulation/worker') }])
try {
  const response = await fetch(server.url)
  if (!response.ok) throw new Error(await response.text())
  const simulation = (await response.json()) as Simulation
  writeTables('docs/performance.md', toTables(simulation, 'en'))
  writeTables('docs/zh-CN/performance.md', toTables(simulation, 'zh'))
} finally {
  await server.close()
}

function writeTables(path: string, tables: Readonly<Record<string, string>>): void {
  let text = readFileSync(path, 'utf8')
  for (const [name, table] of Object.entries(tables)) {
    const block = new RegExp(`(?<=<!-- ${name}:begin -->\n)[\\s\\S]*?(?=<!-- ${name}:end -->)`)
    if (!block.test(text)) throw new Error(`${path} has no place for ${name}`)
    text = text.replace(block, () => `${table}\n`)
    console.log(`\n${table}`)
  }
  writeFileSync(path, text)
}
