/** Starts `workerd serve`: with KV in memory, and with another Worker that calls over RPC. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { COMPATIBILITY_DATE } from '../support/miniflare.ts'
import { hasEnded, kill, spawnProgram } from './children.ts'
import { freePort, requestText, send } from './load.ts'
import type { Server } from './servers.ts'

/** The sources of Workers, each one ES module, and the vars of the first. */
export interface WorkerCode {
  readonly worker: string
  readonly bindings: Readonly<Record<string, string>>
  /** The KV namespace SESSIONS. */
  readonly kv?: string
  /** Has the LoginService of the first one as LOGIN. */
  readonly caller?: string
}

/** All temporary directories of this run are in it. It is removed at the end. */
const root = mkdtempSync(join(tmpdir(), 'code2session-bench-'))
process.once('exit', () => rmSync(root, { recursive: true, force: true }))

const HEALTH = requestText('GET', '/health')
const START_MILLISECONDS = 15_000
/** What does nothing, in place of a Worker that is not needed. */
const NOTHING = 'export default {}'

/** A configuration for {@link startWorkerd}. */
export interface WorkerdConfig {
  readonly path: string
  readonly sockets: readonly ('http' | 'caller')[]
}

/** Writes a configuration into a new directory. */
export function writeConfig({ worker, bindings, kv, caller }: WorkerCode): WorkerdConfig {
  const dir = mkdtempSync(join(root, 'worker-'))
  const texts = Object.entries(bindings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  writeFileSync(join(dir, 'worker.js'), worker)
  writeFileSync(join(dir, 'kv.js'), kv ?? NOTHING)
  writeFileSync(join(dir, 'caller.js'), caller ?? NOTHING)
  const socket = (name: string, service: string) =>
    `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${service}")`
  const callerSocket = caller ? `, ${socket('caller', 'caller')}` : ''
  const callerBindings = caller
    ? '(name = "LOGIN", service = (name = "worker", entrypoint = "LoginService"))'
    : ''
  const path = join(dir, 'config.capnp')
  writeFileSync(
    path,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "kv", worker = .kv),
    ${caller ? '(name = "caller", worker = .caller),' : ''}
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [${socket('http', 'worker')}${callerSocket}],
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
const caller :Workerd.Worker = (
  modules = [(name = "caller.js", esModule = embed "caller.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${callerBindings}],
);
`,
  )
  return { path, sockets: caller ? ['http', 'caller'] : ['http'] }
}

/** Resolves at its first answer. */
export async function startWorkerd({ path, sockets }: WorkerdConfig): Promise<Server> {
  const port = await freePort()
  const callerPort = sockets.includes('caller') ? await freePort() : null
  const addresses = { http: port, caller: callerPort }
  const options = sockets.map((name) => `--socket-addr=${name}=127.0.0.1:${addresses[name]}`)
  const child = spawnProgram(findWorkerd(), ['serve', path, ...options])
  const until = performance.now() + START_MILLISECONDS
  while (!(await send(port, HEALTH).catch(() => null))) {
    if (hasEnded(child) || performance.now() > until) {
      await kill(child)
      throw new Error('workerd did not start')
    }
    await setTimeout(1)
  }
  return { port, callerPort, pids: [child.pid ?? 0], close: () => kill(child) }
}

/** The path of the workerd binary that Miniflare depends on. */
function findWorkerd(): string {
  const require = createRequire(import.meta.resolve('miniflare'))
  return (require('workerd') as { default: string }).default
}
