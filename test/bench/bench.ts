/**
 * `npm run bench`: measures the processor time of the Workers, of a bare Worker that does only what is
 * necessary, of the server, and of two libraries for Node. Prints what it can resolve and one table,
 * and writes both into the documents. The exit status is 1 if a goal is missed or something failed.
 *
 * `npm run bench -- --quick check login ours baseline` takes a quick look at two operations.
 */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { startListener, startNode } from './children.ts'
import { writeDocuments } from './documents.ts'
import { isFailure, LEAST_ROUNDS } from './goals.ts'
import { FULL, NAMES, type Options, parseOptions, QUICK } from './operations.ts'
import { createPrograms } from './programs.ts'
import { report } from './report.ts'
import { type Cell, measureRounds } from './rounds.ts'

const outside = join(import.meta.dirname, 'outside.ts')
/** Since the process began. */
const secondsNow = () => performance.now() / 1000

if (!existsSync('/proc/self/schedstat')) {
  console.log('This platform does not keep the processor time of threads, so nothing is measured.')
  process.exit()
}
const options = parseOptions(process.argv.slice(2))
if (!options) {
  console.error(`npm run bench -- takes ${NAMES.join(', ')}`)
  process.exit(2)
}
const results = await run(options)
console.log(report(results))
if (isWhole(results)) writeDocuments(results)
process.exit(isFailure(results.cells) ? 1 : 0)

async function run(options: Options) {
  const say = (text: string) => console.error(`${Math.round(secondsNow())} s: ${text}`)
  say('building')
  const [kv, wechat, redis] = await Promise.all([
    startNode([outside]),
    startNode([outside]),
    startRedis().catch(() => null),
  ])
  const ports = { kv: kv.port, wechat: wechat.port, redis: redis?.port ?? null }
  const { programs, notices } = await createPrograms(ports, options)
  const { isQuick, operations } = options
  const plan = isQuick ? QUICK : FULL
  const cells = await measureRounds(programs, { operations, plan, say, secondsNow })
  return {
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(secondsNow()),
    machine: describeMachine(),
    notices,
    cells,
  }
}

/** Whether the documents can have its figures. */
function isWhole({ cells, notices }: Results): boolean {
  const isMeasured = (cell: Cell) => cell.failure === null && cell.samples.length >= LEAST_ROUNDS
  return process.argv.length === 2 && notices.length === 0 && cells.every(isMeasured)
}

/** As docs/server.md wants it. Its files are temporary. */
function startRedis() {
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes']
  return startListener('redis-server', (port) => ['--port', port, ...settings])
}

/** The machine and the versions that the figures are measured with. */
function describeMachine(): string {
  const manifest = createRequire(import.meta.url).resolve('workerd/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const processor = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`
  return `${processor}, workerd ${version}, Node ${process.versions.node}`
}

export type Results = Awaited<ReturnType<typeof run>>
