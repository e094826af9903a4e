/** What is measured: the Worker, twice a bare one, and other libraries. */

import { performance } from 'node:perf_hooks'
import { millisecondsBetween, readCpuTimes } from './cpu.ts'
import { load } from './load.ts'
import {
  type Operation,
  type Plan,
  type Platform,
  REQUESTS,
  type RequestOperation,
  SHARE_ON_MINIFLARE,
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
import { median } from './stats.ts'
import { startWorkerd, type WorkerCode, writeConfig } from './workerd.ts'

/** `bare` and `again` are the same program: what they differ by is noise. */
export type Role = 'bare' | 'again' | 'ours' | 'peer'

export interface Variant {
  readonly name: string
  readonly role: Role
  readonly platform: Platform
  readonly operations: readonly Operation[]
  /** A new process. */
  start(): Promise<Started>
}

export interface Started {
  measure(operation: Operation, plan: Plan): Promise<Sample>
  close(): Promise<void>
}

/** The measurements of one round. */
export interface Sample {
  /** `null` for a cold start. */
  readonly requestsPerSecond: number | null
  /** The median of one request, or of the time from the spawn of a process to its first answer. */
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
      served({ name, role, platform: 'workerd', operations }, () => startWorkerd(config), prepare),
      served(
        { name, role, platform: 'Miniflare', operations },
        () => startMiniflare(code),
        prepare,
      ),
      {
        ...{ name, role, platform: 'workerd', operations: ['cold-start'] },
        start: async () => ({
          measure: (_, { coldStarts }) =>
            measureColdStart(() => startWorkerd(coldConfig), coldStarts),
          close: async () => {},
        }),
      },
    ]
  })
}

export function createPaymentVariants(codes: Codes): Variant[] {
  return ROLES.map(([role, name]) => {
    const config = writeConfig(role === 'ours' ? codes.ours : codes.bare)
    const variant = { name, role, platform: 'workerd', operations: ['order'] } as const
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
      const variant = { name: label, role: 'peer', platform: 'Express', operations } as const
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
      const factor = variant.platform === 'Miniflare' ? SHARE_ON_MINIFLARE : 1
      return {
        measure: (operation, { share }) => {
          if (operation === 'cold-start') throw new Error('a server is up already')
          return measureRequests(server, requests, operation, share * factor)
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

async function measureRequests(
  { pids }: Server,
  requests: RequestsByOperation,
  operation: RequestOperation,
  share: number,
): Promise<Sample> {
  const found = requests[operation]
  if (!found) throw new Error(`it has no ${operation}`)
  const { port, next } = found
  await checkAnswer(operation, found)
  const { warmUp, measured } = REQUESTS[operation]
  const count = (requests: number) => Math.ceil(requests * share)
  await load(port, next, { connections: CONNECTIONS, requests: count(warmUp) })
  const before = readCpuTimes(pids)
  const slice = await load(port, next, { connections: CONNECTIONS, requests: count(measured) })
  const cpu = millisecondsBetween(before, readCpuTimes(pids))
  const { requestsPerSecond, p50: milliseconds } = slice
  return { requestsPerSecond, milliseconds, cpu: cpu === null ? null : cpu / slice.requests }
}

async function measureColdStart(start: () => Promise<Server>, times: number): Promise<Sample> {
  const measured: number[] = []
  while (measured.length < times) {
    const began = performance.now()
    const server = await start()
    measured.push(performance.now() - began)
    await server.close()
  }
  return { requestsPerSecond: null, milliseconds: median(measured), cpu: null }
}
