/** Compares each row of a run with the bare Worker, by the medians of the rounds. */

import { GOALS, type Goal, type Measure, toVerdict, type Verdict } from './goals.ts'
import type { Operation, Platform } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, resolveDifference, resolveRatio } from './stats.ts'
import type { Sample } from './variants.ts'

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
    ...{ operation, platform },
    cpu: resolveRatio(...pair('cpu')),
    rate: resolveRatio(...pair('rate')),
    milliseconds: resolveDifference(...pair('milliseconds')),
  }
}

/** Peers are compared with the bare Worker on workerd. */
export function compare(cells: readonly Cell[], cell: Cell): Comparison {
  const platform = toReferencePlatform(cell)
  const bare = cells.filter(
    ({ role, operation, ...other }) =>
      (role === 'bare' || role === 'again') &&
      operation === cell.operation &&
      other.platform === platform,
  )
  const ours = (measure: Measure) => median(readValues(cell, measure))
  const theirs = (measure: Measure) => median(bare.flatMap((row) => readValues(row, measure)))
  return {
    cpu: ours('cpu') / theirs('cpu'),
    rate: ours('rate') / theirs('rate'),
    milliseconds: ours('milliseconds') - theirs('milliseconds'),
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
