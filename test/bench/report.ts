/** The run as tables. */

import type { Results } from './bench.ts'
import { OPERATIONS } from './variants.ts'
import { costOfMillion, FREE, freePerDay, PRICES } from './costs.ts'
import { goals, ROUTES } from './goals.ts'
import { type Cell, cellOf } from './matrix.ts'
import type { Operations, Taken } from './sessions.ts'
import { figure, range, table } from './table.ts'

export function report(results: Results): string {
  const { machine, date, plan, seconds } = results
  const { cpu, cores, node, workerd, miniflare } = machine
  return [
    `${date}, ${cpu}, ${cores} cores shared by client, servers and WeChat; workerd ${workerd}, ` +
      `Miniflare ${miniflare}, Node ${node}; ${plan.rounds} rounds of ${plan.milliseconds} ms ` +
      `each in turns, ${seconds} s in all. Medians (minimum to maximum of the rounds).`,
    goalTable(results),
    `16 connections:\n\n${mainTable(results)}`,
    `Requests/s as connections grow:\n\n${connectionTable(results)}`,
    `As one person's sessions grow, of 1,000 KV operations an invocation has:\n\n${sessionTable(results)}`,
    costTable(results),
  ].join('\n\n')
}

function goalTable(results: Results): string {
  return table(
    ['what', 'against', 'goal', 'measured', 'by CPU', ''],
    goals(results).map(({ what, against, goal, measured, byCpu, met }) => [
      what,
      against,
      goal,
      measured,
      byCpu,
      met ? 'met' : 'MISSED',
    ]),
  )
}

function mainTable({ cells }: Results): string {
  return table(
    ['', '', 'requests/s', 'p50 ms', 'CPU ms per request'],
    cells
      .filter(({ connections }) => connections === 16)
      .map(({ operation, requestsPerSecond, p50, cpu, ...cell }) => [
        operation,
        nameOf(cell),
        range(requestsPerSecond),
        range(p50),
        cpu === null ? '' : cpu.toFixed(3),
      ]),
  )
}

function connectionTable({ cells }: Results): string {
  const counts = [1, 16, 128]
  const rows = cells.filter(({ connections }) => connections === 16)
  return table(
    ['', '', ...counts.map(String), ...counts.map((count) => `of bare, ${count}`)],
    rows.map(({ operation, kind, platform }) => {
      const found = counts.map((count) => cells.filter(({ connections }) => connections === count))
      const rates = found.map((some) => cellOf(some, operation, kind, platform).requestsPerSecond)
      const shares = found.map((some, index) => {
        if (kind !== 'ours') return ''
        const bare = cellOf(some, operation, 'bare', platform).requestsPerSecond
        return figure((rates[index]?.median ?? 0) / bare.median)
      })
      return [
        operation,
        nameOf({ kind, platform }),
        ...rates.map((r) => figure(r.median)),
        ...shares,
      ]
    }),
  )
}

function sessionTable({ sessions }: Results): string {
  return table(
    ['sessions', 'GET ms', 'KV', 'DELETE ms', 'requests until 204', 'KV of the first', 'answers'],
    sessions.map(({ sessions, list, listing, end, ending }) => [
      String(sessions),
      figure(list),
      operationsText(listing),
      figure(end),
      ending.at(-1)?.status === 204 ? String(ending.length) : `not in ${ending.length}`,
      operationsText(ending[0]?.kv ?? {}),
      statusText(ending),
    ]),
  )
}

function costTable({ cells, operations }: Results): string {
  const rows = OPERATIONS.map((operation) => {
    const { kv, wechat } = operations[operation]
    const cpu = cellOf(cells, operation, 'ours', 'workerd').cpu ?? 0
    const cost = costOfMillion({ cpu, kv })
    return [
      ROUTES[operation],
      String(wechat),
      operationsText(kv),
      cpu.toFixed(2),
      `$${cost.total.toFixed(2)}`,
      `$${cost.requests.toFixed(2)} + $${cost.cpu.toFixed(3)} + $${cost.kv.toFixed(2)}`,
      freePerDay(kv).toLocaleString('en-US'),
    ]
  })
  const head = [
    '',
    'WeChat calls',
    'KV',
    'CPU ms',
    'a million',
    'requests + CPU + KV',
    'free a day',
  ]
  return (
    `Cost by the prices of ${PRICES.date}, beyond what Workers Paid includes. CPU is user and ` +
    `system time of the whole workerd process, KV in memory included: locally workerd does not ` +
    `tell what Cloudflare would bill. Free: each alone; together they share ` +
    `${FREE.requests.toLocaleString('en-US')} requests a day.\n\n${table(head, rows)}`
  )
}

function nameOf({ kind, platform }: Pick<Cell, 'kind' | 'platform'>): string {
  return platform === 'Node' ? kind : `${kind}, ${platform}`
}

function operationsText(kv: Operations): string {
  const parts = Object.entries(kv).map(([name, count]) => `${count} ${name}`)
  return parts.join(', ')
}

function statusText(ending: readonly Taken[]): string {
  return [...new Set(ending.map(({ status }) => status))].join(', then ')
}
