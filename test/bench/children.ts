/** The processes that the benchmark starts. None of them outlives it. */

import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { accepts } from './load.ts'

export interface Process {
  readonly port: number
  readonly pid: number
  close(): Promise<void>
}

/** Those that would go on without the benchmark. A forked Node program ends with its channel. */
const spawned = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of spawned) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // What the exit handlers do must be done after a signal as well.
  process.once(signal, () => process.exit(130))
}

/** How long a server may take to start. */
export const START_MILLISECONDS = 30_000
const END_MILLISECONDS = 20_000

/** Starts a program. Its errors go to stderr. */
export function spawnProgram(file: string, args: readonly string[], options: SpawnOptions = {}) {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options })
  spawned.add(child)
  child.once('exit', () => spawned.delete(child))
  // Without a listener, a program that cannot be started would end the benchmark.
  child.on('error', () => spawned.delete(child))
  return child
}

/**
 * Starts a program that listens on this port of the loopback interface.
 *
 * @throws {Error} if it ends before it accepts connections
 */
export async function startListener(
  file: string,
  args: readonly string[],
  port: number,
  options: SpawnOptions = {},
): Promise<Process> {
  const child = spawnProgram(file, args, options)
  while (!(await accepts(port))) {
    if (hasEnded(child)) throw new Error(`${file} did not start`)
    await setTimeout(10)
  }
  return { port, pid: child.pid ?? 0, close: () => kill(child) }
}

/**
 * Starts a Node program that sends its port, and that ends when its channel is closed.
 *
 * @throws {Error} if it does not send one within 30 seconds
 */
export async function forkProgram(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Process> {
  const child = fork(file, {
    env: { ...process.env, ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new AbortController()
  child.once('exit', () => ended.abort())
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(START_MILLISECONDS)])
  const message = await once(child, 'message', { signal }).catch(() => null)
  if (!message) {
    child.kill('SIGKILL')
    throw new Error(`${file} did not start`)
  }
  const close = async () => {
    if (child.connected) child.disconnect()
    await ending(child)
  }
  return { port: message[0] as number, pid: child.pid ?? 0, close }
}

/** Ends a program that has nothing to put in order. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await ending(child)
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function ending(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const signal = AbortSignal.timeout(END_MILLISECONDS)
  await once(child, 'exit', { signal }).catch(() => child.kill('SIGKILL'))
}
