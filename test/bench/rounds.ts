/**
 * Measures in rounds. Each round starts every variant once, in a fresh process and in a new order,
 * so that neither the state of a process nor other load on the machine affects only one of them.
 */

import type { Operation, Plan, Platform } from './operations.ts'
import type { Progress } from './progress.ts'
import type { Role, Sample, Started, Variant } from './variants.ts'

/** All measurements of one operation of one variant. */
export interface Cell {
  readonly operation: Operation
  readonly platform: Platform
  readonly name: string
  readonly role: Role
  /** One per round. */
  readonly samples: Sample[]
  /** Why it was not measured any more; `null` if it was in every round. */
  failure: string | null
}

export interface RoundsOptions {
  readonly operations: readonly Operation[]
  readonly plan: Plan
  readonly progress: Progress
  /** Seconds since the run began. */
  readonly secondsNow: () => number
}

/**
 * Measures as many rounds as fit into the plan. A round that time does not allow to be finished does
 * not count, unless it is the first.
 */
export async function measureRounds(
  variants: readonly Variant[],
  { operations, plan, progress, secondsNow }: RoundsOptions,
): Promise<Cell[]> {
  const rows = variants
    .map((variant) => ({ variant, cells: toCells(variant, operations) }))
    .filter(({ cells }) => cells.length > 0)
  const cells = rows.flatMap((row) => row.cells)
  const isTimeLeft = () => secondsNow() < plan.seconds
  let complete = 0
  let longest = 0
  while (complete < plan.rounds && secondsNow() + longest < plan.seconds) {
    const began = secondsNow()
    progress.step(`round ${complete + 1} of at most ${plan.rounds}, until ${plan.seconds} s`)
    for (const { variant, cells } of shuffle(rows)) {
      progress.detail(`${variant.name}, ${variant.platform}`)
      const left = cells.filter(({ failure }) => failure === null)
      if (left.length > 0 && isTimeLeft()) await measureVariant(variant, left, plan, isTimeLeft)
    }
    if (!isTimeLeft()) break
    complete++
    longest = Math.max(longest, secondsNow() - began)
  }
  for (const cell of cells) {
    cell.samples.splice(Math.max(1, complete))
    if (cell.samples.length === 0) cell.failure ??= 'there was no time left for it'
  }
  return cells
}

function toCells(variant: Variant, operations: readonly Operation[]): Cell[] {
  const { platform, name, role } = variant
  const measured = variant.operations.filter((operation) => operations.includes(operation))
  return measured.map((operation) => {
    return { operation, platform, name, role, samples: [], failure: null }
  })
}

async function measureVariant(
  variant: Variant,
  cells: readonly Cell[],
  plan: Plan,
  isTimeLeft: () => boolean,
): Promise<void> {
  let started: Started
  try {
    started = await variant.start()
  } catch (error) {
    for (const cell of cells) cell.failure = toText(error)
    return
  }
  for (const cell of shuffle(cells)) {
    if (!isTimeLeft()) break
    try {
      cell.samples.push(await started.measure(cell.operation, plan))
    } catch (error) {
      cell.failure = toText(error)
    }
  }
  await started.close()
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
