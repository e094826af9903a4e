/**
 * `npm run bench`: measures the Worker, a bare Worker that does only what is necessary, and two
 * libraries for Node. Prints what it can resolve and one table, and writes all figures to
 * results.json. The exit status is 1 if a goal is missed or a variant failed.
 *
 * `npm run bench -- --quick check login` takes a quick look at two operations.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import { ENCRYPTED } from '../support/vectors.ts'
import { PAY_SETTINGS } from '../support/wechat-pay.ts'
import { buildWorker, PAYMENTS, PRODUCTION } from '../support/worker-build.ts'
import { bundle, installPeers } from './build.ts'
import { forkProgram } from './children.ts'
import { readCpuTimes } from './cpu.ts'
import { machine } from './machine.ts'
import { type Options, parseOptions } from './operations.ts'
import { createProgress } from './progress.ts'
import { startRedis } from './redis.ts'
import { isFailure, report } from './report.ts'
import { SERVICE_KEY } from './requests.ts'
import { measureRounds } from './rounds.ts'
import {
  createLoginVariants,
  createPaymentVariants,
  createPeerVariants,
  PEER_OPERATIONS,
  type Variant,
} from './variants.ts'

const here = import.meta.dirname
/** Since the process began. */
const secondsNow = () => performance.now() / 1000
const opened: { close(): Promise<void> }[] = []

const progress = createProgress(secondsNow)
const options = readOptions()
const results = await run(options).finally(async () => {
  progress.end()
  for (const server of opened.toReversed()) await server.close()
})
writeFileSync(join(here, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
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

async function run({ plan, operations }: Options) {
  const notices: string[] = []
  if (!readCpuTimes([process.pid])) {
    notices.push('This platform has no /proc: processor time is unknown, and so are its goals.')
  }

  progress.step('building')
  const wechat = await open(forkProgram(join(here, 'wechat.ts'), {}))
  const bindings = {
    WECHAT_APPID: ENCRYPTED.appid,
    WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
    WECHAT_API_BASE: `http://127.0.0.1:${wechat.port}`,
    // The published example is from 2016.
    OPEN_DATA_MAX_AGE: '3153600000',
    SERVICE_KEYS: SERVICE_KEY,
  }
  const production = (await buildWorker(PRODUCTION)).code
  const caller = bundle('caller')
  const codes = {
    bare: { worker: bundle('bare'), bindings, caller },
    ours: { worker: production, bindings, caller },
  }
  const variants: Variant[] = [
    ...createLoginVariants(codes, bundle('kv')),
    ...(operations.includes('order') ? await createPayments() : []),
    ...(operations.some((operation) => PEER_OPERATIONS.includes(operation))
      ? await createPeers(bindings, notices)
      : []),
  ]

  const cells = await measureRounds(variants, { operations, plan, progress, secondsNow })
  return {
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(secondsNow()),
    machine: machine(),
    bundle: { bytes: Buffer.byteLength(production), gzip: gzipSync(production).length },
    notices,
    cells,
  }
}

async function createPayments(): Promise<Variant[]> {
  const { port } = await open(forkProgram(join(here, 'wechat-pay.ts'), {}))
  const base = { WECHAT_PAY_API_BASE: `http://127.0.0.1:${port}` }
  const bindings = { ...PAY_SETTINGS, ...base, SERVICE_KEYS: SERVICE_KEY }
  return createPaymentVariants({
    bare: { worker: bundle('bare-pay'), bindings },
    ours: { worker: (await buildWorker(PAYMENTS)).code, bindings },
  })
}

/** Without them, the rest is measured all the same. */
async function createPeers(
  bindings: Record<string, string>,
  notices: string[],
): Promise<Variant[]> {
  progress.step('installing the other libraries')
  try {
    installPeers()
  } catch {
    notices.push('The other libraries could not be installed: their rows are missing.')
    return []
  }
  const redis = await startRedis()
  if (redis) opened.push(redis)
  else notices.push('redis-server is not installed: the rows with sessions in Redis are missing.')
  return createPeerVariants(bindings, redis)
}

async function open<S extends { close(): Promise<void> }>(starting: Promise<S>): Promise<S> {
  const server = await starting
  opened.push(server)
  return server
}

export type Results = Awaited<ReturnType<typeof run>>
