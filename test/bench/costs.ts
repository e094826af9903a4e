/** The price of a million requests, by Cloudflare's published prices. */

import type { Operations } from './sessions.ts'

/** In dollars, for Workers Paid beyond the included usage, as published on this date. */
export const PRICES = {
  date: '2026-11-20',
  millionRequests: 0.3,
  millionCpuMilliseconds: 0.02,
  million: { get: 0.5, put: 5, delete: 5, list: 5 } as Readonly<Record<string, number>>,
}

/** The daily limits of Workers Free. */
export const FREE = {
  requests: 100_000,
  get: 100_000,
  put: 1000,
}

export interface Cost {
  readonly requests: number
  readonly cpu: number
  readonly kv: number
  readonly total: number
}

/** Dollars for a million requests that each take this CPU time and these KV operations. */
export function costOfMillion({ cpu, kv }: { cpu: number; kv: Operations }): Cost {
  const costs = {
    requests: PRICES.millionRequests,
    cpu: cpu * PRICES.millionCpuMilliseconds,
    kv: Object.entries(kv).reduce(
      (sum, [operation, count]) => sum + count * (PRICES.million[operation] ?? 0),
      0,
    ),
  }
  return { ...costs, total: costs.requests + costs.cpu + costs.kv }
}

/** How many such requests a day the free plan allows, without any others. */
export function freePerDay(kv: Operations): number {
  const { requests, ...operations } = FREE
  const limits = Object.entries(operations).map(
    ([operation, limit]) => limit / (kv[operation] ?? 0),
  )
  return Math.floor(Math.min(requests, ...limits))
}
