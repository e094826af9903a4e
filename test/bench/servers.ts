/** Starts the servers under measurement: each in a process of its own, on the loopback interface. */

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { COMPATIBILITY_DATE } from '../support/miniflare.ts'
import { requestText, send } from './load.ts'
import type { WorkerFile } from './miniflare.ts'

export interface Server {
  readonly port: number
  /** The process that answers; `null` where the platform does not tell. */
  readonly pid: number | null
  readonly close: () => Promise<void>
}

type Bindings = Readonly<Record<string, string>>

/** All temporary directories of this run are in it. It is removed at the end. */
const root = mkdtempSync(join(tmpdir(), 'code2session-bench-'))
process.once('exit', () => rmSync(root, { recursive: true, force: true }))
const createDirectory = () => mkdtempSync(join(root, 'worker-'))

const HEALTH = requestText('GET', '/health')

/** Starts Miniflare with its local KV, as in `wrangler dev`. */
export async function startMiniflare(code: string, bindings: Bindings): Promise<Server> {
  const file = join(createDirectory(), 'worker.js')
  writeFileSync(file, code)
  const worker: WorkerFile = { file, bindings }
  const program = join(import.meta.dirname, 'miniflare.ts')
  const { port, close, ...node } = await startNode(program, { WORKER: JSON.stringify(worker) })
  // Miniflare starts workerd as its child, and workerd answers the requests.
  const [pid = null] = listChildren(node.pid)
  return { port, pid, close }
}

/** Starts `workerd serve`, with the KV namespace of this Worker if there is one. */
export function startWorkerd(code: string, bindings: Bindings, kv?: string) {
  return spawnWorkerd(writeConfig({ code, bindings, kv }))
}

/** Starts a Node program that sends its port to the parent process. */
export async function startNode(file: string, env: Bindings) {
  const child = fork(file, { env: { ...process.env, ...env, NODE_ENV: 'production' } })
  const [port] = (await once(child, 'message')) as [number]
  const close = async () => {
    child.disconnect()
    await once(child, 'exit')
  }
  return { port, pid: child.pid ?? null, close, child }
}

/** The processor time of a server's process in milliseconds: user and system mode together. */
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

/** From USER_HZ, which is 100 on every Linux that Node runs on. */
const MILLISECONDS_PER_TICK = 10

function listChildren(pid: number | null): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}

/** Writes a configuration for `workerd serve` into a new directory: its path. */
export function writeConfig(worker: { code: string; bindings: Bindings; kv?: string | undefined }) {
  const dir = createDirectory()
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
  const child = spawn(findWorkerd(), args, { stdio: ['ignore', 'ignore', 'inherit'] })
  while (!(await send(port, HEALTH).catch(() => null))) {
    if (child.exitCode !== null) throw new Error('workerd did not start')
    await setTimeout(1)
  }
  return { port, pid: child.pid ?? null, close: () => kill(child) }
}

/** The path of the workerd binary that Miniflare depends on. */
function findWorkerd(): string {
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

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null) await once(child, 'exit')
}
