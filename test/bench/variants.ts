/** What is measured: the Worker, twice a bare one, and other libraries. */

import { performance } from 'node:perf_hooks'
import { millisecondsBetween, readCpuTimes } from './cpu.ts'
import { openLoad } from './load.ts'
import {
  type Operation,
  type Plan,
  type Platform,
  REQUESTS,
  type RequestOperation,
  SHARES,
} from './operations.ts'
import type { Redis } from './redis.ts'
import {
  checkAnswer,
  createEasywechatRequests,
  createPaymentRequests,
  createWaferRequests,
  createWorkerRequests,
  type RequestsByOperation,
} from './requests.ts'
import { type Server, startMiniflare, startPeer } from './servers.ts'
import { startWorkerd, type WorkerCode, writeConfig } from './workerd.ts'

/** `bare` and `again` are the same program: what they differ by is noise. */
export type Role = 'bare' | 'again' | 'ours' | 'peer'

export interface Variant {
  readonly name: string
  readonly role: Role
  readonly platform: Platform
  readonly operations: readonly Operation[]
  /** Those of one group run at the same time, and are measured by turns. */
  readonly group: string
  /** A new process. */
  start(): Promise<Started>
}

export interface Started {
  /** Makes everything ready to measure an operation. */
  prepare(operation: Operation, plan: Plan): Promise<Prepared>
  close(): Promise<void>
}

export interface Prepared {
  /** One part of a measurement. Every part has as many requests. */
  measure(): Promise<Sample>
  close(): void
}

/** The measurements of one round, or of a part of it. */
export interface Sample {
  /** `null` for a cold start. */
  readonly requestsPerSecond: number | null
  /** Of one request, or from the spawn of a process to its first answer; the median. */
  readonly milliseconds: number
  /** Processor time of the server per request, in milliseconds; `null` if unknown. */
  readonly cpu: number | null
}

const CONNECTIONS = 16

const ROLES = [
  ['bare', 'bare'],
  ['again', 'bare, again'],
  ['ours', 'code2session'],
] as const

export interface Codes {
  readonly bare: WorkerCode
  readonly ours: WorkerCode
}

/** The login Worker on both platforms, and its cold starts. */
export function createLoginVariants(codes: Codes, kv: string): Variant[] {
  return ROLES.flatMap(([role, name]): Variant[] => {
    const code = role === 'ours' ? codes.ours : codes.bare
    const config = writeConfig({ ...code, kv })
    const { caller, ...alone } = code
    const coldConfig = writeConfig(alone)
    const operations = ['check', 'verify', 'introspect', 'login', 'decrypt'] as const
    const prepare = createWorkerRequests
    return [
      served(
        { name, role, platform: 'workerd', operations, group: 'login, workerd' },
        () => startWorkerd(config),
        prepare,
      ),
      served(
        { name, role, platform: 'Miniflare', operations, group: 'login, Miniflare' },
        () => startMiniflare(code),
        prepare,
      ),
      {
        name,
        role,
        platform: 'workerd',
        operations: ['cold-start'],
        group: 'cold starts',
        start: async () => ({
          prepare: async () => ({
            measure: () => measureColdStart(() => startWorkerd(coldConfig)),
            close() {},
          }),
          close: async () => {},
        }),
      },
    ]
  })
}

export function createPaymentVariants(codes: Codes): Variant[] {
  return ROLES.map(([role, name]) => {
    const config = writeConfig(role === 'ours' ? codes.ours : codes.bare)
    const group = 'payments'
    const variant = { name, role, platform: 'workerd', operations: ['order'], group } as const
    return served(variant, () => startWorkerd(config), createPaymentRequests)
  })
}

export const PEER_OPERATIONS: readonly Operation[] = ['check', 'login', 'decrypt']

/** Other libraries, with their sessions in memory and, if there is one, in a Redis. */
export function createPeerVariants(env: Record<string, string>, redis: Redis | null): Variant[] {
  const peers = [
    { name: 'wafer-node-session', file: 'wafer.js', prepare: createWaferRequests },
    { name: 'node-easywechat', file: 'easywechat.js', prepare: createEasywechatRequests },
  ]
  const operations = PEER_OPERATIONS
  return peers.flatMap(({ name, file, prepare }) =>
    [null, ...(redis ? [redis] : [])].map((store) => {
      const label = `${name}, ${store ? 'Redis' : 'memory'}`
      const group = 'libraries'
      const variant = { name: label, role: 'peer', platform: 'Express', operations, group } as const
      return served(variant, () => startPeer(file, env, store), prepare)
    }),
  )
}

function served(
  variant: Omit<Variant, 'start'>,
  startServer: () => Promise<Server>,
  prepare: (server: Server) => Promise<RequestsByOperation>,
): Variant {
  const start = async (): Promise<Started> => {
    const server = await startServer()
    try {
      const requests = await prepare(server)
      return {
        prepare: (operation, { share, slices }) => {
          if (operation === 'cold-start') throw new Error('a server is up already')
          const parts = { share: share * SHARES[variant.platform], slices }
          return prepareRequests(server, requests, operation, parts)
        },
        close: server.close,
      }
    } catch (error) {
      await server.close()
      throw error
    }
  }
  return { ...variant, start }
}

async function prepareRequests(
  { pids }: Server,
  requests: RequestsByOperation,
  operation: RequestOperation,
  { share, slices }: { share: number; slices: number },
): Promise<Prepared> {
  const found = requests[operation]
  if (!found) throw new Error(`it has no ${operation}`)
  await checkAnswer(operation, found)
  const { warmUp, measured } = REQUESTS[operation]
  const load = await openLoad(found.port, found.next, CONNECTIONS)
  try {
    await load.send(Math.ceil(warmUp * share))
  } catch (error) {
    load.close()
    throw error
  }
  return {
    async measure() {
      const before = readCpuTimes(pids)
      const slice = await load.send(Math.ceil((measured * share) / slices))
      const cpu = millisecondsBetween(before, readCpuTimes(pids))
      const { requestsPerSecond, p50: milliseconds } = slice
      return { requestsPerSecond, milliseconds, cpu: cpu === null ? null : cpu / slice.requests }
    },
    close: load.close,
  }
}

async function measureColdStart(start: () => Promise<Server>): Promise<Sample> {
  const began = performance.now()
  const server = await start()
  const milliseconds = performance.now() - began
  await server.close()
  return { requestsPerSecond: null, milliseconds, cpu: null }
}
