/**
 * Measures in rounds. Each round starts every variant once, in a fresh process and in a new order.
 * The variants of a group take turns of a fraction of a second, so that neither the state of a process
 * nor other load on the machine affects only one of them.
 */

import type { Operation, Plan, Platform } from './operations.ts'
import type { Progress } from './progress.ts'
import { median } from './stats.ts'
import type { Prepared, Role, Sample, Started, Variant } from './variants.ts'

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
  const groups = [...Map.groupBy(rows, ({ variant }) => variant.group)]
  const cells = rows.flatMap((row) => row.cells)
  const isTimeLeft = () => secondsNow() < plan.seconds
  let complete = 0
  let longest = 0
  while (complete < plan.rounds && secondsNow() + longest < plan.seconds) {
    const began = secondsNow()
    progress.step(`round ${complete + 1} of at most ${plan.rounds}, until ${plan.seconds} s`)
    for (const [group, rows] of shuffle(groups)) {
      progress.detail(group)
      if (isTimeLeft()) await measureGroup(rows, plan, isTimeLeft)
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

interface Row {
  readonly variant: Variant
  readonly cells: readonly Cell[]
}

function toCells(variant: Variant, operations: readonly Operation[]): Cell[] {
  const { platform, name, role } = variant
  const measured = variant.operations.filter((operation) => operations.includes(operation))
  return measured.map((operation) => {
    return { operation, platform, name, role, samples: [], failure: null }
  })
}

interface RunningRow extends Row {
  readonly started: Started
}

/** One round of all operations of a group. */
async function measureGroup(
  rows: readonly Row[],
  plan: Plan,
  isTimeLeft: () => boolean,
): Promise<void> {
  const running: RunningRow[] = []
  try {
    for (const row of shuffle(rows)) {
      const started = await startRow(row)
      if (started) running.push({ ...row, started })
    }
    const operations = new Set(rows.flatMap(({ variant }) => variant.operations))
    for (const operation of shuffle([...operations])) {
      if (isTimeLeft()) await measureOperation(running, operation, plan)
    }
  } finally {
    for (const { started } of running) await started.close()
  }
}

/** `null` if there is nothing left to measure, or if it does not start. */
async function startRow({ variant, cells }: Row): Promise<Started | null> {
  const left = cells.filter(({ failure }) => failure === null)
  if (left.length === 0) return null
  try {
    return await variant.start()
  } catch (error) {
    for (const cell of cells) cell.failure = toText(error)
    return null
  }
}

interface Turn {
  readonly cell: Cell
  readonly prepared: Prepared
  readonly parts: Sample[]
}

async function measureOperation(
  rows: readonly RunningRow[],
  operation: Operation,
  plan: Plan,
): Promise<void> {
  const turns: Turn[] = []
  for (const { cells, started } of shuffle(rows)) {
    const cell = cells.find((cell) => cell.operation === operation && cell.failure === null)
    if (!cell) continue
    const prepared = await started.prepare(operation, plan).catch((error) => fail(cell, error))
    if (prepared) turns.push({ cell, prepared, parts: [] })
  }
  for (let slice = 0; slice < plan.slices; slice++) {
    for (const { cell, prepared, parts } of shuffle(turns)) {
      if (cell.failure !== null) continue
      const part = await prepared.measure().catch((error) => fail(cell, error))
      if (part) parts.push(part)
    }
  }
  for (const { cell, prepared, parts } of turns) {
    prepared.close()
    if (cell.failure === null) cell.samples.push(toSample(parts))
  }
}

/** The parts have equally many requests, so that the means are those of all requests. */
function toSample(parts: readonly Sample[]): Sample {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const cpu = parts.map(({ cpu }) => cpu).filter((value) => value !== null)
  const rates = parts.map((part) => part.requestsPerSecond).filter((value) => value !== null)
  return {
    requestsPerSecond: rates.length > 0 ? 1 / mean(rates.map((rate) => 1 / rate)) : null,
    milliseconds: median(parts.map(({ milliseconds }) => milliseconds)),
    cpu: cpu.length > 0 ? mean(cpu) : null,
  }
}

function fail(cell: Cell, error: unknown): null {
  cell.failure = toText(error)
  return null
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
