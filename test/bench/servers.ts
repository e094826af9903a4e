/** The servers under measurement: each in a process of its own, on the loopback interface. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forkProgram } from './children.ts'
import type { Redis } from './redis.ts'
import type { WorkerCode } from './workerd.ts'

export interface Server {
  readonly port: number
  /** Where the Worker answers that calls this one over RPC. */
  readonly callerPort: number | null
  /** The processes whose processor time is the server's. */
  readonly pids: readonly number[]
  close(): Promise<void>
}

const here = import.meta.dirname

/** Starts Miniflare with its local KV, as in `wrangler dev`. */
export async function startMiniflare(code: WorkerCode): Promise<Server> {
  const program = join(here, 'miniflare.ts')
  const { port, pid, close } = await forkProgram(program, { WORKER: JSON.stringify(code) })
  // Miniflare starts workerd as its child, and workerd answers the requests.
  return { port, callerPort: port, pids: listChildren(pid), close }
}

/** Starts one of the other libraries, with its sessions in Redis or in its own memory. */
export async function startPeer(
  file: string,
  env: Readonly<Record<string, string>>,
  redis: Redis | null,
): Promise<Server> {
  const address = redis ? { REDIS_PORT: String(redis.port) } : {}
  const { port, pid, close } = await forkProgram(join(here, 'peers', file), { ...env, ...address })
  return { port, callerPort: null, pids: [pid, ...(redis ? [redis.pid] : [])], close }
}

function listChildren(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}
