/** Prints a run: first what it can resolve, then one table. */

import type { Results } from './bench.ts'
import {
  compare,
  type DecidedGoal,
  decideGoals,
  type Resolution,
  readValues,
  resolutions,
  toReferencePlatform,
} from './comparison.ts'
import { toGoalText } from './goals.ts'
import { DESCRIPTIONS, OPERATIONS, type Platform } from './operations.ts'
import type { Cell } from './rounds.ts'
import { median, percentile } from './stats.ts'
import { figure, table } from './table.ts'

const PLATFORMS: readonly Platform[] = ['workerd', 'Miniflare', 'Express']

export function report(results: Results): string {
  const cells = results.cells.toSorted((a, b) => toOrder(a) - toOrder(b))
  const resolved = resolutions(cells)
  const goals = decideGoals(cells)
  const rows = cells.map((cell) => toRow(cell, { cells, resolved, goals }))
  const cpu = ['CPU ms, 20th', 'CPU ms, median']
  const head = ['operation', 'variant', 'requests/s', 'ms', ...cpu, 'against bare', 'goal']
  return [
    toHeader(results),
    `Resolution: two rows of the same bare Worker differ by up to this (95 % of 1,000 resamples of the rounds). "~" marks a ratio within it, which shows no difference.\n\n${toResolutionText(resolved)}`,
    toLegend(cells),
    table(head, rows),
    ...results.notices,
    toSummary(goals, cells),
  ].join('\n\n')
}

/** Whether a goal is missed, or something failed. */
export function isFailure(cells: readonly Cell[]): boolean {
  const isMissed = decideGoals(cells).some(({ verdict }) => verdict === 'MISSED')
  return isMissed || cells.some(({ failure }) => failure !== null)
}

function toHeader({ machine, date, seconds, cells, bundle }: Results): string {
  const { cpu, cores, node, workerd, miniflare } = machine
  const rounds = Math.max(...cells.map(({ samples }) => samples.length))
  return (
    `${date}, ${cpu}, ${cores} cores shared by client, servers and WeChat; workerd ${workerd}, ` +
    `Miniflare ${miniflare}, Node ${node}; rounds: ${rounds}, in ${seconds} s, with 16 connections. ` +
    `Medians of the rounds. The bundle has ${figure(bundle.gzip / 1024)} KiB after gzip.`
  )
}

function toResolutionText(resolved: readonly Resolution[]): string {
  return resolved
    .map(({ operation, platform, cpu, rate, milliseconds }) => {
      const parts =
        operation === 'cold-start'
          ? [`${figure(milliseconds)} ms`]
          : [`CPU ${toPercent(cpu)}`, `requests/s ${toPercent(rate)}`]
      return `- ${operation}, ${platform}: ${parts.join(', ')}`
    })
    .join('\n')
}

function toLegend(cells: readonly Cell[]): string {
  const measured = OPERATIONS.filter((name) => cells.some(({ operation }) => operation === name))
  const texts = measured.map((operation) => `${operation}: ${DESCRIPTIONS[operation]}`)
  return `${texts.join('; ')}. Ratios and differences are the medians of those of each round, against the mean of both bare rows.`
}

interface Context {
  readonly cells: readonly Cell[]
  readonly resolved: readonly Resolution[]
  readonly goals: readonly DecidedGoal[]
}

function toRow(cell: Cell, context: Context): string[] {
  const { operation, platform, name, failure } = cell
  const cpu = readValues(cell, 'cpu')
  const label = platform === 'Express' ? name : `${name}, ${platform}`
  if (failure !== null) return [operation, label, 'FAILED']
  return [
    operation,
    label,
    figure(median(readValues(cell, 'rate'))),
    figure(median(readValues(cell, 'milliseconds'))),
    toCpuText(percentile(cpu, 0.2)),
    toCpuText(median(cpu)),
    toComparisonText(cell, context),
    cell.role === 'ours' ? toGoalsText(cell, context.goals) : '',
  ]
}

function toComparisonText(cell: Cell, { cells, resolved }: Context): string {
  const { cpu, rate, milliseconds } = compare(cells, cell)
  const reference = toReferencePlatform(cell)
  const resolution = resolved.find(
    ({ operation, platform }) => operation === cell.operation && platform === reference,
  )
  if (!resolution) return ''
  if (cell.operation === 'cold-start') {
    if (Number.isNaN(resolution.milliseconds)) return ''
    const isWithin = Math.abs(milliseconds) <= resolution.milliseconds
    const sign = milliseconds < 0 ? '-' : '+'
    return `${isWithin ? '~' : ''}${sign}${figure(Math.abs(milliseconds))} ms`
  }
  const texts = [
    ['CPU', cpu, resolution.cpu],
    ['requests/s', rate, resolution.rate],
  ] as const
  return texts
    .filter(([, ratio, factor]) => !Number.isNaN(ratio * factor))
    .map(([what, ratio, factor]) => {
      const isWithin = Math.abs(Math.log(ratio)) <= Math.log(factor)
      return `${what} ${isWithin ? '~' : ''}${figure(ratio)}`
    })
    .join(', ')
}

function toGoalsText({ operation, platform }: Cell, goals: readonly DecidedGoal[]): string {
  return goals
    .filter(({ goal }) => goal.operation === operation && goal.platform === platform)
    .map(({ goal, verdict }) => `${toGoalText(goal)}: ${verdict}`)
    .join('; ')
}

function toSummary(goals: readonly DecidedGoal[], cells: readonly Cell[]): string {
  const lines = goals.map(({ goal, measured, verdict }) => {
    const what = `${goal.operation}, ${goal.platform}: ${toGoalText(goal)}`
    return `${verdict}: ${what}${verdict === 'not measured' ? '' : `, measured ${figure(measured)}`}`
  })
  const failed = cells
    .filter(({ failure }) => failure !== null)
    .map(({ operation, name, platform, failure }) => {
      return `FAILED: ${operation}, ${name}, ${platform}: ${failure}`
    })
  return [...lines, ...failed].map((line) => `- ${line}`).join('\n')
}

function toOrder({ operation, platform }: Cell): number {
  return OPERATIONS.indexOf(operation) * PLATFORMS.length + PLATFORMS.indexOf(platform)
}

function toPercent(factor: number): string {
  return Number.isNaN(factor) ? 'unknown' : `${((factor - 1) * 100).toFixed(1)} %`
}

function toCpuText(milliseconds: number): string {
  return Number.isNaN(milliseconds) ? '' : milliseconds.toFixed(3)
}
