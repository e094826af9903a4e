/** Measures the processor time of a server, per request and until its first response. */

import type { Server } from './children.ts'
import { microsecondsBetween, readCpuTimes } from './cpu.ts'
import { createLoad, requestText, send } from './load.ts'
import { type Operation, type Plan, REQUESTS, type Row } from './operations.ts'
import { type Client, checkAnswer, createRequests } from './requests.ts'

/** One row of the tables of some operations. */
export interface Program {
  readonly row: Row
  readonly operations: readonly Operation[]
  /** A new process. */
  start(): Promise<Started>
}

export interface Started {
  /** Makes everything ready to measure an operation. */
  prepare(operation: Operation, plan: Plan): Promise<Prepared>
  close(): Promise<void>
}

export interface Prepared {
  /** One part of a measurement, in microseconds. Every part has as many requests. */
  measure(): Promise<number>
  close(): void
}

const CONNECTIONS = 16
const HEALTH = requestText('GET', '/health')

/** A server that a client asks; the Worker that calls it answers at `callerPort`. */
export function serve(
  { row, operations, client }: Omit<Program, 'start'> & { client: Client },
  startServer: () => Promise<Server & { callerPort?: number }>,
): Program {
  const start = async (): Promise<Started> => {
    const { port, callerPort = port, pid, close } = await startServer()
    const requests = await createRequests(client, port).catch(async (error) => {
      await close()
      throw error
    })
    const prepare = async (operation: Operation, { share, slices }: Plan) => {
      if (operation === 'cold-start') throw new Error('it has started')
      const next = requests(operation)
      const portOf = operation === 'verify' ? callerPort : port
      await checkAnswer(operation, portOf, next())
      const load = createLoad(portOf, next, CONNECTIONS)
      const count = Math.ceil((REQUESTS[operation] * share) / slices)
      // The warm-up.
      await load.send((count * slices) / 2)
      const measure = async () => {
        const before = readCpuTimes(pid)
        await load.send(count)
        return microsecondsBetween(before, readCpuTimes(pid)) / count
      }
      return { measure, close: load.close }
    }
    return { prepare, close }
  }
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
  const started: Started = {
    prepare: async () => ({ measure, close() {} }),
    close: async () => {},
  }
  return { row, operations: ['cold-start'], start: async () => started }
}
