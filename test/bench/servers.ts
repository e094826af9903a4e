/** The servers under measurement, each in a process of its own, all on the loopback interface. */

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Built, serve } from '../node/worker.ts'
import { requestText, send } from './load.ts'

export interface Server {
  readonly port: number
  /** Of the process that answers; `null` where the platform does not tell. */
  readonly pid: number | null
  readonly close: () => Promise<void>
}

type Bindings = Readonly<Record<string, string>>

/** The oldest that every tool in package.json can serve, and wrangler.toml's. */
const COMPATIBILITY_DATE = '2026-11-01'

const HEALTH = requestText('GET', '/health')

/** Miniflare, with its own KV, as `wrangler dev` has it. */
export async function startMiniflare(code: string, bindings: Bindings): Promise<Server> {
  const before = childrenOf(process.pid)
  const { url, close } = await serve({ code, inputs: [] } satisfies Built, { bindings })
  const [pid = null] = childrenOf(process.pid).filter((child) => !before.includes(child))
  return { port: Number(url.port), pid, close }
}

/** `workerd serve` and nothing else, with a KV namespace in memory if one is given. */
export function startWorkerd(code: string, bindings: Bindings, kv?: string) {
  return spawnWorkerd(writeConfig({ code, bindings, kv }))
}

/** A Node program that sends its port. */
export async function startNode(file: string, env: Bindings): Promise<Server & ChildProcess> {
  const child = fork(file, { env: { ...process.env, ...env, NODE_ENV: 'production' } })
  const [port] = (await once(child, 'message')) as [number]
  const close = () => stop(child)
  return Object.assign(child, { port, pid: child.pid ?? null, close }) as Server & ChildProcess
}

/** Processor time a process has used, in milliseconds, in user and in system mode. */
export function cpuTime({ pid }: Server): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return ticks * MILLISECONDS_PER_TICK
  } catch {
    return null
  }
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const MILLISECONDS_PER_TICK = 10

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}

/** Writes what `workerd serve` needs into a directory of its own. */
export function writeConfig(worker: { code: string; bindings: Bindings; kv?: string | undefined }) {
  const dir = mkdtempSync(join(tmpdir(), 'code2session-bench-'))
  const texts = Object.entries(worker.bindings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  const kv = worker.kv ?? 'export default {}'
  writeFileSync(join(dir, 'worker.js'), worker.code)
  writeFileSync(join(dir, 'kv.js'), kv)
  writeFileSync(
    join(dir, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "kv", worker = .kv),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [(name = "SESSIONS", kvNamespace = "kv"), ${texts.join(', ')}],
  globalOutbound = "loopback",
);
const kv :Workerd.Worker = (
  modules = [(name = "kv.js", esModule = embed "kv.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`,
  )
  return join(dir, 'config.capnp')
}

/** Starts `workerd serve` and resolves at its first answer. */
export async function spawnWorkerd(config: string): Promise<Server> {
  const port = await freePort()
  const args = ['serve', config, '--socket-addr', `http=127.0.0.1:${port}`]
  const child = spawn(workerd(), args, { stdio: ['ignore', 'inherit', 'inherit'] })
  while (!(await send(port, HEALTH).catch(() => null))) {
    if (child.exitCode !== null) throw new Error('workerd did not start')
    await setTimeout(1)
  }
  return { port, pid: child.pid ?? null, close: () => stop(child) }
}

/** The binary that Miniflare brings. */
function workerd(): string {
  const require = createRequire(import.meta.resolve('miniflare'))
  return (require('workerd') as { default: string }).default
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
