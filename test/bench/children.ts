/** The processes that the benchmark starts, on the loopback interface. None of them outlives it. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { accepts, freePort } from './load.ts'

export interface Server {
  readonly port: number
  readonly pid: number
  close(): Promise<void>
}

/** All temporary files of this run are in it. */
export const scratch = mkdtempSync(join(tmpdir(), 'code2session-bench-'))
const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // What the exit handler does must be done after a signal as well.
  process.once(signal, () => process.exit(130))
}

/** Starts a program. Its errors go to stderr. */
export function spawnProgram(file: string, args: readonly string[], options: SpawnOptions) {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options })
  running.add(child)
  child.once('exit', () => running.delete(child))
  // Without a listener, a program that cannot be started would end the benchmark.
  child.on('error', () => running.delete(child))
  return child
}

/**
 * Starts a program that listens on a port.
 *
 * @throws {Error} if it ends before it accepts connections
 */
export async function startListener(
  file: string,
  toArgs: (port: string) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await freePort()
  const variables = { ...process.env, NODE_ENV: 'production', ...env, PORT: String(port) }
  const child = spawnProgram(file, toArgs(String(port)), { cwd: scratch, env: variables })
  while (!(await accepts(port))) {
    if (!running.has(child)) throw new Error(`${file} did not start`)
    await setTimeout(10)
  }
  return { port, pid: child.pid ?? 0, close: () => kill(child) }
}

/** Starts a Node program that listens on the port in its variable PORT. */
export function startNode(program: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return startListener(process.execPath, () => program, env)
}

/** Ends a program that has nothing to put in order. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (running.has(child)) await once(child, 'exit')
}
