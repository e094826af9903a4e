/**
 * `npm run simulate`: what each operation waits for, and a day of a population against the real app.
 * Writes the tables of docs/performance.md in both languages; the same seed gives the same figures.
 */

import { startMiniflare } from '../../support/miniflare.ts'
import { writeTables } from '../../support/table.ts'
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
