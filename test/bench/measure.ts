/** Measures the processor time of a server, per request and until its first response. */

import { readdirSync, readFileSync } from 'node:fs'
import type { Server } from './children.ts'
import { createLoad, requestText, send } from './load.ts'
import type { Operation, Plan, Row } from './operations.ts'
import { type Client, checkAnswer, createRequests } from './requests.ts'

/** A row of some operations. */
export interface Program {
  readonly row: Row
  readonly operations: readonly Operation[]
  /** A new process. */
  start(): Promise<Started>
}

export interface Started {
  /** Makes everything ready: what measures one part, in microseconds per request. */
  prepare(operation: Operation, plan: Plan): Promise<() => Promise<number>>
  close(): Promise<void>
}

const CONNECTIONS = 16
const HEALTH = requestText('GET', '/health')

/** A server that a client asks; the Worker that calls it answers at `callerPort`. */
export function serve(
  row: Row,
  client: Client,
  startServer: () => Promise<Server & { callerPort?: number }>,
): Program {
  const start = async (): Promise<Started> => {
    const { port, callerPort = port, pid, close } = await startServer()
    const prepareNext = await createRequests(client, port).catch(async (error) => {
      await close()
      throw error
    })
    const prepare = async (operation: Operation, { requests, slices }: Plan) => {
      const next = await prepareNext(operation)
      const portOf = operation === 'verify' ? callerPort : port
      await checkAnswer(operation, portOf, next())
      const load = createLoad(portOf, next, CONNECTIONS)
      // An order takes several times as long as everything else.
      const count = requests / slices / (operation === 'order' ? 4 : 1)
      // The warm-up.
      await load((count * slices) / 2)
      return async () => {
        const before = readCpuTimes(pid)
        await load(count)
        return microsecondsBetween(before, readCpuTimes(pid)) / count
      }
    }
    return { prepare, close }
  }
  const operations = Object.keys({ ...client.fresh, ...client.inSession }) as Operation[]
  return { row, operations, start }
}

/** A server that is started for each part of a measurement, and answers once. */
export function measureStarts(row: Row, startServer: () => Promise<Server>): Program {
  const measure = async () => {
    const { port, pid, close } = await startServer()
    await send(port, HEALTH)
    const time = microsecondsBetween(new Map(), readCpuTimes(pid))
    await close()
    return time
  }
  const start = async () => ({ prepare: async () => measure, close: async () => {} })
  return { row, operations: ['cold-start'], start }
}

/** Nanoseconds in user and system mode, by thread. */
export type CpuTimes = ReadonlyMap<string, number>

/**
 * The times of this process up to now.
 *
 * @throws {Error} where the kernel does not keep them
 */
export function readCpuTimes(pid: number): CpuTimes {
  const threads = readdirSync(`/proc/${pid}/task`)
  const read = (thread: string) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')
  return new Map(threads.map((thread) => [thread, Number(read(thread).split(' ')[0])]))
}

/** Microseconds between two readings, without threads that have ended: none that serves requests does. */
export function microsecondsBetween(before: CpuTimes, after: CpuTimes): number {
  const spent = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0))
  return spent.reduce((sum, time) => sum + time, 0) / 1000
}
