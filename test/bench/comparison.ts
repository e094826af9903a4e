/** Compares each row of a run with the bare Worker, round by round. */

import { GOALS, type Goal, type Measure, toVerdict, type Verdict } from './goals.ts'
import type { Operation, Platform } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, resolveDifference, resolveRatio, toPairs } from './stats.ts'
import type { Role, Sample } from './variants.ts'

/** What the two rows of the bare Worker differ by; NaN if they were not both measured. */
export interface Resolution {
  readonly operation: Operation
  readonly platform: Platform
  /** Factors. */
  readonly cpu: number
  readonly rate: number
  readonly milliseconds: number
}

/** A row beside both rows of the bare Worker together; NaN for what was not measured. */
export type Comparison = Readonly<Record<Measure, number>>

export interface DecidedGoal {
  readonly goal: Goal
  readonly measured: number
  readonly verdict: Verdict
}

/** Of each operation on each platform that has a bare Worker. */
export function resolutions(cells: readonly Cell[]): Resolution[] {
  return cells
    .filter(({ role }) => role === 'bare')
    .map(({ operation, platform }) => requireResolution(cells, operation, platform))
}

function requireResolution(cells: readonly Cell[], operation: Operation, platform: Platform) {
  const rows = (['bare', 'again'] as const).map((role) =>
    cells.find(
      (cell) => cell.role === role && cell.operation === operation && cell.platform === platform,
    ),
  )
  const [bare, again] = rows
  const isComplete = bare && again && !bare.failure && !again.failure
  const pair = (measure: Measure) =>
    [bare, again].map((cell) => (isComplete && cell ? readValues(cell, measure) : [])) as [
      number[],
      number[],
    ]
  return {
    operation,
    platform,
    cpu: resolveRatio(...pair('cpu')),
    rate: resolveRatio(...pair('rate')),
    milliseconds: resolveDifference(...pair('milliseconds')),
  }
}

/**
 * The median of the ratios, or of the differences, to the mean of both bare rows in the same round.
 * Peers are compared with the bare Worker on workerd.
 */
export function compare(cells: readonly Cell[], cell: Cell): Comparison {
  const platform = toReferencePlatform(cell)
  const find = (role: Role) =>
    cells.find(
      (other) =>
        other.role === role && other.operation === cell.operation && other.platform === platform,
    )
  const [bare, again] = [find('bare'), find('again')]
  const toMedian = (measure: Measure, toFigure: (ours: number, bare: number) => number) => {
    if (!bare || !again) return Number.NaN
    const both = toPairs(readValues(bare, measure), readValues(again, measure))
    const means = both.map(([one, other]) => (one + other) / 2)
    const pairs = toPairs(readValues(cell, measure), means)
    return median(pairs.map(([ours, mean]) => toFigure(ours, mean)))
  }
  return {
    cpu: toMedian('cpu', (ours, mean) => ours / mean),
    rate: toMedian('rate', (ours, mean) => ours / mean),
    milliseconds: toMedian('milliseconds', (ours, mean) => ours - mean),
  }
}

export function toReferencePlatform({ platform }: Cell): Platform {
  return platform === 'Express' ? 'workerd' : platform
}

/** The goals of the operations that were to be measured. */
export function decideGoals(cells: readonly Cell[]): DecidedGoal[] {
  return GOALS.flatMap((goal) => {
    const { operation, platform, measure } = goal
    const cell = cells.find(
      (cell) => cell.role === 'ours' && cell.operation === operation && cell.platform === platform,
    )
    if (!cell) return []
    const measured = cell.failure ? Number.NaN : compare(cells, cell)[measure]
    const resolution = requireResolution(cells, operation, platform)[measure]
    const rounds = cell.samples.length
    return [{ goal, measured, verdict: toVerdict(goal, { measured, resolution, rounds }) }]
  })
}

export function readValues({ samples }: Pick<Cell, 'samples'>, measure: Measure): number[] {
  const read: Record<Measure, (sample: Sample) => number | null> = {
    cpu: ({ cpu }) => cpu,
    rate: ({ requestsPerSecond }) => requestsPerSecond,
    milliseconds: ({ milliseconds }) => milliseconds,
  }
  return samples.map(read[measure]).filter((value) => value !== null)
}
