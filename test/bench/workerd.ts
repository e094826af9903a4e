/** Starts `workerd serve` from compiled configurations. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { COMPATIBILITY_DATE } from '../support/miniflare.ts'
import { kill, scratch, spawnProgram } from './children.ts'

/** The path of the workerd binary that Miniflare depends on. */
const WORKERD: string = createRequire(import.meta.resolve('miniflare'))('workerd').default

export interface Config {
  /** The source of the Worker, one ES module. It answers at the socket `http`. */
  readonly code: string
  readonly vars?: Readonly<Record<string, string>>
  /** The port of the KV namespace SESSIONS. */
  readonly kv?: number
  /** `given` has a LoginService at the socket `rpc`; `taken` calls it as LOGIN. */
  readonly rpc?: 'given' | 'taken'
}

/** Compiles a configuration into a file for {@link startWorkerd}. */
export function compile({ code, vars = {}, kv, rpc }: Config): string {
  const services = [
    '(name = "worker", worker = .worker)',
    '(name = "loopback", network = (allow = ["local"]))',
  ]
  const sockets = ['(name = "http", address = "127.0.0.1:0", http = (), service = "worker")']
  const bindings = Object.entries(vars).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  if (kv !== undefined) {
    services.push(`(name = "kv", external = (address = "127.0.0.1:${kv}", http = ()))`)
    bindings.push('(name = "SESSIONS", kvNamespace = "kv")')
  }
  // Between two processes, RPC is Cap'n Proto over a connection that HTTP opens.
  const http = 'http = (capnpConnectHost = "login")'
  if (rpc === 'given') {
    const service = '(name = "worker", entrypoint = "LoginService")'
    sockets.push(`(name = "rpc", address = "127.0.0.1:0", ${http}, service = ${service})`)
  }
  if (rpc === 'taken') {
    services.push(`(name = "login", external = (address = "127.0.0.1:1", ${http}))`)
    bindings.push('(name = "LOGIN", service = "login")')
  }
  const dir = mkdtempSync(join(scratch, 'worker-'))
  const [source, compiled] = [join(dir, 'config.capnp'), join(dir, 'config.bin')]
  writeFileSync(join(dir, 'worker.js'), code)
  writeFileSync(
    source,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${services}], sockets = [${sockets}]);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bindings}],
  globalOutbound = "loopback",
);
`,
  )
  writeFileSync(compiled, execFileSync(WORKERD, ['compile', '--config-only', source]))
  return compiled
}

/**
 * Resolves when its sockets are open.
 *
 * @param login The port of the LoginService that it calls, if it calls one.
 * @throws {Error} if it ends before
 */
export async function startWorkerd(
  compiled: string,
  { sockets = ['http'], login }: { sockets?: string[]; login?: number } = {},
) {
  const args = ['serve', '-b', compiled, '--control-fd=3']
  if (login !== undefined) args.push('-e', `login=127.0.0.1:${login}`)
  const child = spawnProgram(WORKERD, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const ports: Record<string, number> = {}
  for await (const line of createInterface(child.stdio[3] as Readable)) {
    const { event, socket, port } = JSON.parse(line)
    if (event === 'listen') ports[socket] = port
    if (sockets.every((name) => name in ports)) break
  }
  const { http: port, rpc = 0 } = ports
  if (port === undefined) throw new Error('workerd did not start')
  return { port, rpc, pid: child.pid ?? 0, close: () => kill(child) }
}
