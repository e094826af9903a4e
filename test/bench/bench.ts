/**
 * `npm run bench`: measures the processor time of the Workers, of a bare Worker that does only what is
 * necessary, of the server, and of two libraries for Node. Prints what it can resolve and all tables.
 * The exit status is 1 if a goal is missed or something failed.
 *
 * `npm run bench -- --quick check login ours baseline` takes a quick look at two operations.
 */

import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import { buildWorker, PRODUCTION } from '../support/worker-build.ts'
import { forkProgram, startListener } from './children.ts'
import { hasCpuTimes } from './cpu.ts'
import { isFailure } from './goals.ts'
import { freePort } from './load.ts'
import { describeMachine } from './machine.ts'
import { FULL, type Options, parseOptions, QUICK } from './operations.ts'
import { createPrograms } from './programs.ts'
import { createProgress } from './progress.ts'
import { report } from './report.ts'
import { measureRounds } from './rounds.ts'

/** Since the process began. */
const secondsNow = () => performance.now() / 1000
const opened: { close(): Promise<void> }[] = []

if (!hasCpuTimes()) {
  console.log('This platform does not keep the processor time of threads, so nothing is measured.')
  process.exit()
}
const options = readOptions()
const progress = createProgress(secondsNow)
const results = await run(options).finally(async () => {
  progress.end()
  for (const server of opened.toReversed()) await server.close()
})
console.log(report(results))
process.exitCode = isFailure(results.cells) ? 1 : 0

function readOptions(): Options {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}

async function run(options: Options) {
  progress.step('building')
  const [kv, wechat] = [await openOutside(), await openOutside()]
  const redis = await openRedis()
  const { programs, notices } = await createPrograms({ kv, wechat, redis }, options)
  const plan = options.isQuick ? QUICK : FULL
  const { operations } = options
  const cells = await measureRounds(programs, { operations, plan, progress, secondsNow })
  return {
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(secondsNow()),
    machine: describeMachine(),
    bundle: gzipSync((await buildWorker(PRODUCTION)).code).length,
    notices,
    cells,
  }
}

/** Its port. Each is a process of its own. */
async function openOutside(): Promise<number> {
  const outside = await forkProgram(join(import.meta.dirname, 'outside.ts'), {})
  opened.push(outside)
  return outside.port
}

/** The port of a redis-server that keeps everything in memory; `null` if none is installed. */
async function openRedis(): Promise<number | null> {
  const port = await freePort()
  const address = ['--bind', '127.0.0.1', '--port', String(port)]
  const settings = [...address, '--save', '', '--appendonly', 'no']
  const redis = await startListener('redis-server', settings, port).catch(() => null)
  if (redis) opened.push(redis)
  return redis && port
}

export type Results = Awaited<ReturnType<typeof run>>
