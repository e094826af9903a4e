/** Starts `workerd serve` from compiled configurations. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { COMPATIBILITY_DATE } from '../support/miniflare.ts'
import { kill, START_MILLISECONDS, spawnProgram } from './children.ts'

/** The source of a Worker, one ES module, with its vars. */
export interface WorkerCode {
  readonly code: string
  readonly vars: Readonly<Record<string, string>>
}

/** All temporary directories of this run are in it. It is removed at the end. */
export const scratch = mkdtempSync(join(tmpdir(), 'code2session-bench-'))
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

/** The path of the workerd binary that Miniflare depends on. */
const WORKERD: string = createRequire(import.meta.resolve('miniflare'))('workerd').default

/** Between two processes, RPC is Cap'n Proto over a connection that HTTP opens. */
const RPC = 'http = (capnpConnectHost = "login")'

/** What a configuration has besides its Worker, which answers at the socket `http`. */
interface Parts {
  readonly services?: readonly string[]
  readonly sockets?: readonly string[]
  readonly bindings: readonly string[]
}

/**
 * Compiles the configuration of the payments Worker.
 *
 * @returns The path of a file for {@link startWorkerd}.
 */
export function compilePayments({ code, vars }: WorkerCode): string {
  return compile(code, { bindings: toBindings(vars) })
}

/**
 * The same of the login Worker, whose LoginService answers at the socket `rpc`.
 *
 * @param kv The port of the namespace SESSIONS.
 */
export function compileLogin({ code, vars }: WorkerCode, kv: number): string {
  const service = '(name = "worker", entrypoint = "LoginService")'
  return compile(code, {
    services: [`(name = "kv", external = (address = "127.0.0.1:${kv}", http = ()))`],
    sockets: [`(name = "rpc", address = "127.0.0.1:0", ${RPC}, service = ${service})`],
    bindings: [...toBindings(vars), '(name = "SESSIONS", kvNamespace = "kv")'],
  })
}

/** The same of a Worker that calls a LoginService, which {@link startWorkerd} names, as LOGIN. */
export function compileCaller(code: string): string {
  return compile(code, {
    services: [`(name = "login", external = (address = "127.0.0.1:1", ${RPC}))`],
    bindings: ['(name = "LOGIN", service = "login")'],
  })
}

function toBindings(vars: WorkerCode['vars']): string[] {
  return Object.entries(vars).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
}

function compile(code: string, { services = [], sockets = [], bindings }: Parts): string {
  const dir = mkdtempSync(join(scratch, 'worker-'))
  const [source, compiled] = [join(dir, 'config.capnp'), join(dir, 'config.bin')]
  const loopback = '(name = "loopback", network = (allow = ["local"]))'
  const http = '(name = "http", address = "127.0.0.1:0", http = (), service = "worker")'
  writeFileSync(join(dir, 'worker.js'), code)
  writeFileSync(
    source,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${['(name = "worker", worker = .worker)', loopback, ...services]}],
  sockets = [${[http, ...sockets]}],
);
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
 * Resolves when all sockets are open, to their ports by their names.
 *
 * @param login The port of a LoginService, for a caller.
 */
export async function startWorkerd(compiled: string, sockets: readonly string[], login?: number) {
  const external = login === undefined ? [] : ['-e', `login=127.0.0.1:${login}`]
  const child = spawnProgram(WORKERD, ['serve', '-b', compiled, '--control-fd=3', ...external], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const ports: Record<string, number> = {}
  const events = createInterface(child.stdio[3] as Readable)
  const isOpen = Promise.withResolvers<void>()
  events.on('line', (line) => {
    const { event, socket, port } = JSON.parse(line)
    if (event === 'listen') ports[socket] = port
    if (sockets.every((name) => name in ports)) isOpen.resolve()
  })
  events.once('close', () => isOpen.reject(new Error('workerd did not start')))
  const timer = setTimeout(() => child.kill(), START_MILLISECONDS)
  await isOpen.promise.finally(() => clearTimeout(timer))
  const [http = 0, rpc = 0] = [ports.http, ports.rpc]
  return { http, rpc, pid: child.pid ?? 0, close: () => kill(child) }
}
