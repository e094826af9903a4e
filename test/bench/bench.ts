/**
 * `npm run bench`: measures the Worker, a bare Worker that does only what is necessary, and two
 * libraries for Node. Prints tables, and writes all figures to results.json. `-- --quick` takes
 * two minutes and shows only that it runs.
 */

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildSync } from 'esbuild'
import { buildPayments, buildProduction } from '../support/built-worker.ts'
import { measureColdStart } from './cold-start.ts'
import { machine } from './machine.ts'
import { measure } from './matrix.ts'
import { measureOrders } from './orders.ts'
import { report } from './report.ts'
import { type Server, startMiniflare, startNode, startWorkerd } from './servers.ts'
import { countOperations, measureSessions } from './sessions.ts'
import { BINDINGS, createVariant, type Variant } from './variants.ts'

const FULL = {
  rounds: 7,
  milliseconds: 700,
  growth: { rounds: 3, milliseconds: 400 },
  sizes: [1, 100, 2500],
  sizeRounds: 3,
  coldStarts: 15,
}
const QUICK: typeof FULL = {
  rounds: 2,
  milliseconds: 100,
  growth: { rounds: 1, milliseconds: 100 },
  sizes: [1, 100, 2500],
  sizeRounds: 1,
  coldStarts: 5,
}

const here = import.meta.dirname
const plan = process.argv.includes('--quick') ? QUICK : FULL
const opened: Server[] = []
const began = Date.now()

try {
  const results = await run()
  writeFileSync(join(here, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  console.log(report(results))
} finally {
  for (const server of opened) await server.close()
}

async function run() {
  progress('installing the peers')
  installPeers()
  progress('building')
  const ours = buildProduction().code
  const [bare, kv, counted] = ['bare', 'kv', 'counted'].map(bundle) as [string, string, string]

  const wechat = await open(startNode(join(here, 'wechat.ts'), {}))
  const bindings = { ...BINDINGS, WECHAT_API_BASE: `http://127.0.0.1:${wechat.port}` }
  const peer = (name: string) => open(startNode(join(here, 'peers', name), bindings))
  const variants: Variant[] = [
    await createVariant('bare', 'Miniflare', await open(startMiniflare(bare, bindings))),
    await createVariant('ours', 'Miniflare', await open(startMiniflare(ours, bindings))),
    await createVariant('bare', 'workerd', await open(startWorkerd(bare, bindings, kv))),
    await createVariant('ours', 'workerd', await open(startWorkerd(ours, bindings, kv))),
    await createVariant('wafer-node-session', 'Node', await peer('wafer.js')),
    await createVariant('node-easywechat', 'Node', await peer('easywechat.js')),
  ]

  progress('warming up')
  const quiet = () => {}
  await measure(variants, { connections: 16, rounds: 1, milliseconds: 200, progress: quiet })
  const main = await measure(variants, { ...plan, connections: 16, progress })
  const growth = []
  for (const connections of [1, 128]) {
    growth.push(await measure(variants, { ...plan.growth, connections, progress }))
  }

  const countedServer = await open(startMiniflare(counted, bindings))
  const operations = await countOperations(
    await createVariant('ours', 'Miniflare', countedServer),
    async () => {
      wechat.child.send('calls')
      const [calls] = await once(wechat.child, 'message')
      return calls as number
    },
  )
  const sessionsOptions = { sizes: plan.sizes, rounds: plan.sizeRounds }
  const sessions = await measureSessions(countedServer.port, sessionsOptions, progress)

  progress('orders')
  const payments = buildPayments().code
  const orders = await measureOrders({ bare: bundle('bare-pay'), ours: payments }, plan)

  progress('cold starts')
  const coldStart = await measureColdStart({ bare, ours }, bindings, plan.coldStarts)

  return {
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round((Date.now() - began) / 1000),
    machine: machine(),
    plan,
    bundle: { bytes: Buffer.byteLength(ours), gzip: gzipSync(ours).length },
    cells: [...main, ...growth.flat()],
    operations,
    sessions,
    orders,
    coldStart,
  }
}

/** Installs them unless the lock file is as it was at the last installation. */
function installPeers(): void {
  const peers = join(here, 'peers')
  const installed = statSync(join(peers, 'node_modules/.package-lock.json'), {
    throwIfNoEntry: false,
  })
  if (installed && installed.mtime >= statSync(join(peers, 'package-lock.json')).mtime) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: peers,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function open<S extends Server>(starting: Promise<S>): Promise<S> {
  const server = await starting
  opened.push(server)
  return server
}

/** Bundles and minifies one of the benchmark's own Workers. */
function bundle(name: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(here, 'workers', `${name}.ts`)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'esnext',
    external: ['cloudflare:*'],
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

function progress(text: string): void {
  const seconds = Math.round((Date.now() - began) / 1000)
  const line = `${seconds} s: ${text}`
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
  else process.stderr.write(`${line}\n`)
}

export type Results = Awaited<ReturnType<typeof run>>
