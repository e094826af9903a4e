/** Prints the results as tables. */

import type { Results } from './bench.ts'
import { costOfMillion, FREE, freePerDay, PRICES } from './costs.ts'
import { goals, ROUTES } from './goals.ts'
import { type Cell, requireCell } from './matrix.ts'
import type { MeasuredRequest, Operations } from './sessions.ts'
import { figure, range, table } from './table.ts'
import { OPERATIONS } from './variants.ts'

export function report(results: Results): string {
  const { machine, date, plan, seconds } = results
  const { cpu, cores, node, workerd, miniflare } = machine
  return [
    `${date}, ${cpu}, ${cores} cores shared by client, servers and WeChat; workerd ${workerd}, ` +
      `Miniflare ${miniflare}, Node ${node}; ${plan.rounds} rounds of ${plan.milliseconds} ms ` +
      `each in turns, ${seconds} s in all. Medians (minimum to maximum of the rounds).`,
    goalTable(results),
    `16 connections:\n\n${mainTable(results)}`,
    `Requests/s by the number of connections:\n\n${connectionTable(results)}`,
    `By the number of one person's sessions; an invocation may make 1,000 KV operations:\n\n${sessionTable(results)}`,
    `An order of the payments Worker, workerd, 16 connections:\n\n${orderTable(results)}`,
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
        toLabel(cell),
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
      const rates = found.map(
        (some) => requireCell(some, operation, kind, platform).requestsPerSecond,
      )
      const shares = found.map((some, index) => {
        if (kind !== 'ours') return ''
        const bare = requireCell(some, operation, 'bare', platform).requestsPerSecond
        return figure((rates[index]?.median ?? 0) / bare.median)
      })
      return [
        operation,
        toLabel({ kind, platform }),
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
      toOperationsText(listing),
      figure(end),
      ending.at(-1)?.status === 204 ? String(ending.length) : `not in ${ending.length}`,
      toOperationsText(ending[0]?.kv ?? {}),
      toStatusText(ending),
    ]),
  )
}

function orderTable({ orders }: Results): string {
  const bare = orders.find(({ kind }) => kind === 'bare')
  return table(
    ['`POST /payments`', 'requests/s', 'of bare', 'p50 ms', 'CPU ms per request'],
    orders.map(({ kind, requestsPerSecond, p50, cpu }) => [
      kind,
      range(requestsPerSecond),
      bare ? figure(requestsPerSecond.median / bare.requestsPerSecond.median) : '',
      range(p50),
      cpu.toFixed(3),
    ]),
  )
}

function costTable({ cells, operations }: Results): string {
  const rows = OPERATIONS.map((operation) => {
    const { kv, wechat } = operations[operation]
    const cpu = requireCell(cells, operation, 'ours', 'workerd').cpu ?? 0
    const cost = costOfMillion({ cpu, kv })
    return [
      ROUTES[operation],
      String(wechat),
      toOperationsText(kv),
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
    `Cost by the prices of ${PRICES.date}, beyond what Workers Paid includes. CPU is the user and ` +
    `system time of the whole workerd process, including the KV in memory; a local workerd does ` +
    `not report what Cloudflare would bill. Free: each operation alone. Together they share ` +
    `${FREE.requests.toLocaleString('en-US')} requests a day.\n\n${table(head, rows)}`
  )
}

function toLabel({ kind, platform }: Pick<Cell, 'kind' | 'platform'>): string {
  return platform === 'Node' ? kind : `${kind}, ${platform}`
}

function toOperationsText(kv: Operations): string {
  const parts = Object.entries(kv).map(([name, count]) => `${count} ${name}`)
  return parts.join(', ')
}

function toStatusText(ending: readonly MeasuredRequest[]): string {
  return [...new Set(ending.map(({ status }) => status))].join(', then ')
}
