/** Measures all variants in turns, so that other load on the machine affects all of them alike. */

import { load, type Slice } from './load.ts'
import { cpuTime } from './servers.ts'
import { median, type Spread, spread } from './stats.ts'
import { type Kind, OPERATIONS, type Operation, type Platform, type Variant } from './variants.ts'

export interface Cell {
  readonly operation: Operation
  readonly kind: Kind
  readonly platform: Platform
  readonly connections: number
  readonly requests: number
  readonly requestsPerSecond: Spread
  readonly p50: Spread
  /** Processor time of the server's process per request, in milliseconds; `null` if unknown. */
  readonly cpu: number | null
  /** Requests per second in each round. */
  readonly rounds: readonly number[]
}

export interface MatrixOptions {
  readonly connections: number
  readonly rounds: number
  readonly milliseconds: number
  readonly progress: (text: string) => void
}

/** Measures every operation of every variant in every round. */
export async function measure(
  variants: readonly Variant[],
  { connections, rounds, milliseconds, progress }: MatrixOptions,
): Promise<Cell[]> {
  const cells = OPERATIONS.flatMap((operation) =>
    variants.map((variant) => ({ operation, variant, slices: [] as Slice[], cpu: 0 })),
  )
  for (let round = 0; round < rounds; round++) {
    progress(`${connections} connections, round ${round + 1} of ${rounds}`)
    // Every second round is reversed, so that no variant always follows the same one.
    for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
      const { server, next } = cell.variant
      const before = cpuTime(server)
      const options = { connections, milliseconds }
      cell.slices.push(await load(server.port, next[cell.operation], options))
      cell.cpu += (cpuTime(server) ?? Number.NaN) - (before ?? Number.NaN)
    }
  }
  return cells.map(({ operation, variant: { kind, platform }, slices, cpu }) => {
    const requests = slices.reduce((sum, slice) => sum + slice.requests, 0)
    return {
      operation,
      kind,
      platform,
      connections,
      requests,
      requestsPerSecond: spread(slices.map((slice) => slice.requestsPerSecond)),
      p50: spread(slices.map((slice) => slice.p50)),
      cpu: Number.isNaN(cpu) ? null : cpu / requests,
      rounds: slices.map((slice) => slice.requestsPerSecond),
    }
  })
}

export function requireCell(
  cells: readonly Cell[],
  operation: Operation,
  kind: Kind,
  platform: Platform,
): Cell {
  const found = cells.find(
    (cell) => cell.operation === operation && cell.kind === kind && cell.platform === platform,
  )
  if (!found) throw new Error(`${operation} of ${kind} on ${platform} was not measured`)
  return found
}

/** The requests per second of `a` over those of `b`: of the medians, and of each round. */
export function ratio(a: Cell, b: Cell): Spread {
  const byRound = a.rounds.map((value, round) => value / (b.rounds[round] ?? Number.NaN))
  return { ...spread(byRound), median: median(a.rounds) / median(b.rounds) }
}
