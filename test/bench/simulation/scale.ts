/** Multiplies what a user needs in a day, as measured, to populations and to a month's bill. */

import type { KVOperation } from '../../support/kv.ts'
import type { Day } from './population.ts'

/**
 * What is assumed beside the pattern of use. A request takes less processor time than this: see
 * docs/performance.md.
 */
export const ASSUMED = {
  daysPerMonth: 30,
  /** The peak second has this many times the requests of the average second. */
  peakFactor: 5,
  cpuMilliseconds: 1,
  /** Live sessions per daily user: those who came within the last week have one, too. */
  sessionsPerDailyUser: 3,
  /** The invocation log, and the Worker's own line. */
  logEventsPerRequest: 2,
  /** A Queue charges for the write, the read and the delete of a message. */
  queueOperationsPerMessage: 3,
}

/**
 * What Workers Paid includes in a month, and the prices beyond that, in dollars, as published on
 * 2026-11-20.
 *
 * @see https://developers.cloudflare.com/workers/platform/pricing/
 */
export const PAID = {
  plan: 5,
  requests: { included: 10e6, million: 0.3 },
  cpuMilliseconds: { included: 30e6, million: 0.02 },
  get: { included: 10e6, million: 0.5 },
  put: { included: 1e6, million: 5 },
  delete: { included: 1e6, million: 5 },
  list: { included: 1e6, million: 5 },
  gigabytes: { included: 1, each: 0.5 },
  logEvents: { included: 20e6, million: 0.6 },
  queueOperations: { included: 1e6, million: 0.4 },
}

/** What one user needs in a day. */
export interface PerUser {
  readonly logins: number
  readonly introspections: number
  readonly decryptions: number
  readonly requests: number
  readonly kv: Readonly<Record<KVOperation, number>>
  readonly wechat: { readonly code2Session: number; readonly phoneNumber: number }
  readonly queueMessages: number
  readonly bytesPerSession: number
}

export function toPerUser({ usage, options, stored }: Day): PerUser {
  const { users } = options
  const kinds = Object.values(usage)
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / users
  const sumOperation = (operation: KVOperation) => sum(kinds.map(({ kv }) => kv[operation]))
  const logins = [usage['login, first'], usage['login, instead of a live session']]
  return {
    logins: sum(logins.map(({ requests }) => requests)),
    introspections: usage.introspection.requests / users,
    decryptions: usage.decryption.requests / users,
    requests: sum(kinds.map(({ requests }) => requests)),
    kv: {
      get: sumOperation('get'),
      put: sumOperation('put'),
      delete: sumOperation('delete'),
      list: sumOperation('list'),
    },
    wechat: {
      code2Session: sum(logins.map(({ wechat }) => wechat)),
      phoneNumber: usage['phone number'].wechat / users,
    },
    queueMessages: sum(kinds.map(({ queueMessages }) => queueMessages)),
    bytesPerSession: stored.bytes / stored.records,
  }
}

/** Live sessions of so many daily users, in gigabytes. */
export function toGigabytes({ bytesPerSession }: PerUser, users: number): number {
  return (bytesPerSession * users * ASSUMED.sessionsPerDailyUser) / 1e9
}

export function toPeakSecond(perDay: number): number {
  return (perDay * ASSUMED.peakFactor) / 86_400
}

export interface Bill {
  readonly requests: number
  readonly cpu: number
  readonly kvReads: number
  readonly kvChanges: number
  readonly storage: number
  readonly logs: number
  readonly queue: number
  readonly total: number
}

/** A month's bill in dollars, the $5 of the plan included. */
export function toBill(perUser: PerUser, users: number): Bill {
  const { requests, kv, queueMessages } = perUser
  const month = users * ASSUMED.daysPerMonth
  const beyond = (amount: number, price: { included: number; million: number }) =>
    (Math.max(0, amount - price.included) / 1e6) * price.million
  const stored = toGigabytes(perUser, users) - PAID.gigabytes.included
  const parts = {
    requests: beyond(requests * month, PAID.requests),
    cpu: beyond(requests * month * ASSUMED.cpuMilliseconds, PAID.cpuMilliseconds),
    kvReads: beyond(kv.get * month, PAID.get),
    kvChanges:
      beyond(kv.put * month, PAID.put) +
      beyond(kv.delete * month, PAID.delete) +
      beyond(kv.list * month, PAID.list),
    storage: Math.max(0, stored) * PAID.gigabytes.each,
    logs: beyond(requests * month * ASSUMED.logEventsPerRequest, PAID.logEvents),
    queue: beyond(queueMessages * month * ASSUMED.queueOperationsPerMessage, PAID.queueOperations),
  }
  return { ...parts, total: Object.values(parts).reduce((a, b) => a + b, PAID.plan) }
}
