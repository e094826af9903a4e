/** Measures the processor time of a server, per request and until its first response. */

import type { Process } from './children.ts'
import { microsecondsBetween, readCpuTimes } from './cpu.ts'
import { openLoad, requestText, send } from './load.ts'
import {
  type Operation,
  type Plan,
  REQUESTS,
  type RequestOperation,
  type Row,
} from './operations.ts'
import { checkAnswer, type Requests, type RequestsByOperation } from './requests.ts'

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

/** A server that is asked for these operations. */
export function serve<Server extends Process>(
  program: Omit<Program, 'start'>,
  startServer: () => Promise<Server>,
  createRequests: (server: Server) => Promise<RequestsByOperation>,
): Program {
  const start = async (): Promise<Started> => {
    const server = await startServer()
    const requests = await createRequests(server).catch(async (error) => {
      await server.close()
      throw error
    })
    const prepare = async (operation: Operation, plan: Plan) => {
      const found = operation === 'cold-start' ? undefined : requests[operation]
      if (!found) throw new Error(`it has no ${operation}`)
      return prepareRequests(server.pid, operation as RequestOperation, found, plan)
    }
    return { prepare, close: server.close }
  }
  return { ...program, start }
}

async function prepareRequests(
  pid: number,
  operation: RequestOperation,
  requests: Requests,
  { share, slices }: Plan,
): Promise<Prepared> {
  await checkAnswer(operation, requests)
  const load = await openLoad(requests.port, requests.next, CONNECTIONS)
  const count = Math.ceil((REQUESTS[operation] * share) / slices)
  try {
    await load.send((count * slices) / 2)
  } catch (error) {
    load.close()
    throw error
  }
  const measure = async () => {
    const before = readCpuTimes(pid)
    await load.send(count)
    return microsecondsBetween(before, readCpuTimes(pid)) / count
  }
  return { measure, close: load.close }
}

/** A server that is started for each part of a measurement, and answers once. */
export function measureStarts(row: Row, startServer: () => Promise<Process>): Program {
  const measure = async () => {
    const server = await startServer()
    await send(server.port, HEALTH)
    const time = microsecondsBetween(new Map(), readCpuTimes(server.pid))
    await server.close()
    return time
  }
  const start = async (): Promise<Started> => {
    return { prepare: async () => ({ measure, close() {} }), close: async () => {} }
  }
  return { row, operations: ['cold-start'], start }
}
