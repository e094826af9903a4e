/** A Redis for the sessions of the other libraries: Debian's redis-server, in memory alone. */

import { setTimeout } from 'node:timers/promises'
import { hasEnded, kill, spawnProgram } from './children.ts'
import { accepts, freePort } from './load.ts'

export interface Redis {
  readonly port: number
  readonly pid: number
  close(): Promise<void>
}

/** Resolves when it accepts connections; `null` if there is no redis-server. */
export async function startRedis(): Promise<Redis | null> {
  const port = await freePort()
  const address = ['--bind', '127.0.0.1', '--port', String(port)]
  const child = spawnProgram('redis-server', [...address, '--save', '', '--appendonly', 'no'])
  while (!(await accepts(port))) {
    if (hasEnded(child)) return null
    await setTimeout(10)
  }
  return { port, pid: child.pid ?? 0, close: () => kill(child) }
}
