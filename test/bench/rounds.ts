/**
 * Measures in rounds. Each round starts every program once, in fresh processes and in a new order. The
 * rows of an operation take turns of a fraction of a second, so that neither the state of a process
 * nor other load on the machine affects only one of them.
 */

import type { Program, Started } from './measure.ts'
import { type Operation, type Plan, ROW_NAMES, type Row } from './operations.ts'

/** All measurements of one operation of one row. */
export interface Cell {
  readonly operation: Operation
  readonly row: Row
  /** Microseconds, one figure a round. */
  readonly samples: number[]
  /** Why it was not measured any more; `null` if it was in every round. */
  failure: string | null
}

export interface RoundsOptions {
  readonly operations: readonly Operation[]
  readonly plan: Plan
  /** Says how far it is. */
  say(text: string): void
  /** Seconds since the run began. */
  secondsNow(): number
}

/** Measures as many rounds as fit into the plan, and at least one. */
export async function measureRounds(
  programs: readonly Program[],
  { operations, plan, say, secondsNow }: RoundsOptions,
): Promise<Cell[]> {
  const cells = operations.flatMap((operation) => {
    const measured = programs.filter((program) => program.operations.includes(operation))
    const rows = ROW_NAMES.filter((name) => measured.some(({ row }) => row === name))
    return rows.map((row): Cell => ({ operation, row, samples: [], failure: null }))
  })
  let longest = 0
  for (let round = 1; round <= plan.rounds; round++) {
    const began = secondsNow()
    if (round > 1 && began + longest > plan.seconds) break
    say(`round ${round} of at most ${plan.rounds}, until ${plan.seconds} s`)
    await measureRound(programs, cells, plan)
    longest = Math.max(longest, secondsNow() - began)
  }
  return cells
}

async function measureRound(
  programs: readonly Program[],
  cells: readonly Cell[],
  plan: Plan,
): Promise<void> {
  const running: { left: readonly Cell[]; started: Started }[] = []
  try {
    for (const { row, operations, start } of shuffle(programs)) {
      const left = cells.filter((cell) => {
        return cell.row === row && operations.includes(cell.operation) && cell.failure === null
      })
      if (left.length > 0) {
        await attempt(left, async () => running.push({ left, started: await start() }))
      }
    }
    for (const operation of shuffle([...new Set(cells.map((cell) => cell.operation))])) {
      const turns = running.flatMap(({ left, started }) =>
        left.filter((cell) => cell.operation === operation).map((cell) => ({ cell, started })),
      )
      await measureTurns(turns, plan)
    }
  } finally {
    for (const { started } of running) await started.close()
  }
}

/** Measures one operation. */
async function measureTurns(
  rows: readonly { cell: Cell; started: Started }[],
  plan: Plan,
): Promise<void> {
  const turns: { cell: Cell; measure: () => Promise<number>; parts: number[] }[] = []
  for (const { cell, started } of shuffle(rows)) {
    await attempt([cell], async () => {
      turns.push({ cell, measure: await started.prepare(cell.operation, plan), parts: [] })
    })
  }
  for (let slice = 0; slice < plan.slices; slice++) {
    for (const { cell, measure, parts } of shuffle(turns)) {
      if (cell.failure === null) await attempt([cell], async () => parts.push(await measure()))
    }
  }
  for (const { cell, parts } of turns) {
    // The parts have equally many requests, so that this is the mean of all requests.
    if (cell.failure === null) cell.samples.push(parts.reduce((a, b) => a + b, 0) / parts.length)
  }
}

async function attempt(cells: readonly Cell[], task: () => Promise<unknown>): Promise<void> {
  try {
    await task()
  } catch (error) {
    for (const cell of cells) cell.failure = error instanceof Error ? error.message : String(error)
  }
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
