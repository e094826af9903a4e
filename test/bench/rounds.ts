/**
 * Measures in rounds. Each round starts every program once, in fresh processes and in a new order. The
 * rows of an operation take turns of a fraction of a second, so that neither the state of a process
 * nor other load on the machine affects only one of them.
 */

import type { Prepared, Program, Started } from './measure.ts'
import type { Operation, Plan, Row } from './operations.ts'

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
  readonly secondsNow: () => number
}

interface Entry {
  readonly program: Program
  readonly cells: readonly Cell[]
}

/**
 * Measures as many rounds as fit into the plan. A round that time does not allow to be finished does
 * not count, unless it is the first.
 */
export async function measureRounds(
  programs: readonly Program[],
  { operations, plan, say, secondsNow }: RoundsOptions,
): Promise<Cell[]> {
  const entries = programs.map((program): Entry => {
    const measured = program.operations.filter((operation) => operations.includes(operation))
    const { row } = program
    const cells = measured.map((operation) => ({ operation, row, samples: [], failure: null }))
    return { program, cells }
  })
  const cells = entries.flatMap((entry) => entry.cells)
  const isTimeLeft = () => secondsNow() < plan.seconds
  let complete = 0
  let longest = 0
  while (complete < plan.rounds && secondsNow() + longest < plan.seconds) {
    const began = secondsNow()
    say(`round ${complete + 1} of at most ${plan.rounds}, until ${plan.seconds} s`)
    await measureRound(entries, operations, plan, isTimeLeft)
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

interface Running extends Entry {
  readonly started: Started
}

async function measureRound(
  entries: readonly Entry[],
  operations: readonly Operation[],
  plan: Plan,
  isTimeLeft: () => boolean,
): Promise<void> {
  const running: Running[] = []
  try {
    for (const entry of shuffle(entries)) {
      const started = await start(entry)
      if (started) running.push({ ...entry, started })
    }
    for (const operation of shuffle(operations)) {
      if (isTimeLeft()) await measureOperation(running, operation, plan)
    }
  } finally {
    for (const { started } of running) await started.close()
  }
}

/** `null` if there is nothing left to measure, or if it does not start. */
async function start({ program, cells }: Entry): Promise<Started | null> {
  const left = cells.filter(({ failure }) => failure === null)
  if (left.length === 0) return null
  return program.start().catch((error) => {
    for (const cell of left) fail(cell, error)
    return null
  })
}

interface Turn {
  readonly cell: Cell
  readonly prepared: Prepared
  readonly parts: number[]
}

async function measureOperation(
  running: readonly Running[],
  operation: Operation,
  plan: Plan,
): Promise<void> {
  const turns: Turn[] = []
  for (const { cells, started } of shuffle(running)) {
    const cell = cells.find((cell) => cell.operation === operation && cell.failure === null)
    if (!cell) continue
    const prepared = await started.prepare(operation, plan).catch((error) => fail(cell, error))
    if (prepared) turns.push({ cell, prepared, parts: [] })
  }
  for (let slice = 0; slice < plan.slices; slice++) {
    for (const { cell, prepared, parts } of shuffle(turns)) {
      if (cell.failure !== null) continue
      const part = await prepared.measure().catch((error) => fail(cell, error))
      if (part !== null) parts.push(part)
    }
  }
  for (const { cell, prepared, parts } of turns) {
    prepared.close()
    // The parts have equally many requests, so that this is the mean of all requests.
    if (cell.failure === null) cell.samples.push(parts.reduce((a, b) => a + b, 0) / parts.length)
  }
}

function fail(cell: Cell, error: unknown): null {
  cell.failure = error instanceof Error ? error.message : String(error)
  return null
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
