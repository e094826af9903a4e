/** The tables that `npm run simulate` prints, in both languages of the documents. */

import type { AccessTokenDay } from './access-token.ts'
import type { EndedSessions } from './ended-sessions.ts'
import {
  LABELS,
  type Labels,
  type Language,
  toBytes,
  toCount,
  toDollars,
  toPercent,
} from './labels.ts'
import { REQUESTS } from './pattern.ts'
import type { Day } from './population.ts'
import { toBill, toGigabytes, toPeakSecond, toPerUser } from './scale.ts'

const SIZES = [10_000, 1_000_000, 10_000_000]

/** The width of a bucket of the histogram, in seconds. */
const BUCKET = 10

/** What a user needs in a day, by kind of request, and what does not depend on the users. */
export function reportDay(day: Day, other: Day, language: Language): string {
  const labels = LABELS[language]
  const per = (value: number) => toFixed(value / day.options.users)
  const rows = REQUESTS.map((kind) => {
    const { requests, kv, wechat } = day.usage[kind]
    return [
      labels.requests[kind],
      ...[requests, kv.get, kv.put, kv.delete, kv.list, wechat].map(per),
    ]
  })
  const perUser = toPerUser(day)
  const { get, put, delete: deletes, list } = perUser.kv
  const calls = perUser.wechat.code2Session + perUser.wechat.phoneNumber
  rows.push([labels.sum, ...[perUser.requests, get, put, deletes, list, calls].map(toFixed)])
  const share = ({ reads }: Day) => toPercent(reads.fromCopy / reads.total)
  const facts = [
    `reads from a copy: ${share(other)} at 30 s, ${share(day)} at 60 s`,
    `same counts at 30 s and 60 s: ${JSON.stringify(day.usage) === JSON.stringify(other.usage)}`,
    `errors: ${day.errors + other.errors}; refused writes: ${day.refusedWrites + other.refusedWrites}`,
    `bytes per session: ${Math.round(perUser.bytesPerSession)}`,
    `live sessions per user: ${toFixed(day.stored.records / day.options.users)}`,
  ]
  return [table(labels.dayHead, rows), ...facts].join('\n')
}

/** How many introspections are left if backends keep answers. */
export function reportKept(days: readonly Day[], language: Language): string {
  const labels = LABELS[language]
  const rows = days.map((day) => {
    const { keepSeconds, backendProcesses } = day.options
    const { introspections } = toPerUser(day)
    return [labels.keeping(keepSeconds, backendProcesses), toFixed(introspections)]
  })
  return table(labels.keptHead, rows)
}

/** What populations need in a day, at the peak second and in a month. */
export function reportScale(day: Day, kept: Day, language: Language): string {
  const labels = LABELS[language]
  const perUser = toPerUser(day)
  const { kv, wechat } = perUser
  const amounts: [string, number][] = [
    [labels.logins, perUser.logins],
    [labels.introspections, perUser.introspections],
    [labels.decryptions, perUser.decryptions],
    [labels.allRequests, perUser.requests],
    [labels.kvReads, kv.get],
    [labels.kvWrites, kv.put],
    [labels.kvDeletes, kv.delete],
    [labels.kvLists, kv.list],
    [labels.code2Session, wechat.code2Session],
    [labels.phoneNumbers, wechat.phoneNumber],
  ]
  const perDay = amounts.map(([name, amount]) => [
    name,
    toFixed(amount, 3),
    ...SIZES.map((users) => toDayAndPeak(amount * users, language)),
  ])
  const size = `${Math.round(perUser.bytesPerSession)} B`
  const storage = SIZES.map((users) => toBytes(toGigabytes(perUser, users)))
  const amountsTable = table(
    [labels.amount, labels.perUser, ...SIZES.map((users) => labels.users(users))],
    [...perDay, [labels.storage, size, ...storage]],
  )
  return `${amountsTable}\n\n${reportBills(day, kept, labels)}`
}

function reportBills(day: Day, kept: Day, labels: Labels): string {
  const bills = SIZES.map((users) => toBill(toPerUser(day), users))
  const keptBills = SIZES.map((users) => toBill(toPerUser(kept), users))
  const parts = ['requests', 'cpu', 'kvReads', 'kvChanges', 'storage', 'logs', 'queue'] as const
  const rows = [...parts, 'total' as const].map((part) => [
    labels.bill[part],
    ...bills.map((bill) => toDollars(bill[part])),
  ])
  const fewLogs = (bill: (typeof bills)[number]) => toDollars(bill.total - bill.logs)
  rows.push([labels.bill.withoutLogs, ...bills.map(fewLogs)])
  rows.push([labels.bill.keptWithoutLogs, ...keptBills.map(fewLogs)])
  return table([labels.month, ...SIZES.map((users) => labels.users(users))], rows)
}

/** What the access_token needs in a day. It depends on the isolates and not on the users. */
export function reportAccessToken({ isolates, kv, wechat, refusedWrites }: AccessTokenDay): string {
  const amounts = `${kv.get} KV reads, ${kv.put} KV writes, ${wechat} calls to WeChat`
  return `access_token of ${isolates} isolates in a day: ${amounts}; refused writes: ${refusedWrites}`
}

/** The share of requests that ended sessions get through, by the time since their end. */
export function reportEndedSessions(results: readonly EndedSessions[], language: Language): string {
  const labels = LABELS[language]
  const columns = results.flatMap(({ options, asked, kept }) => {
    const { staleness, sessions, keepSeconds } = options
    return [
      { name: labels.delays(labels.here, staleness, 0), counts: asked.here, sessions },
      { name: labels.delays(labels.elsewhere, staleness, 0), counts: asked.elsewhere, sessions },
      { name: labels.delays(labels.here, staleness, keepSeconds), counts: kept.here, sessions },
      {
        name: labels.delays(labels.elsewhere, staleness, keepSeconds),
        counts: kept.elsewhere,
        sessions,
      },
    ]
  })
  const longest = Math.max(...columns.map(({ counts }) => counts.length))
  const rows = []
  for (let start = 0; start + BUCKET <= longest; start += BUCKET) {
    const shares = columns.map(({ counts, sessions }) => {
      const bucket = counts.slice(start, start + BUCKET)
      return toPercent(bucket.reduce((a, b) => a + b, 0) / (BUCKET * sessions))
    })
    rows.push([labels.seconds(start, start + BUCKET - 1), ...shares])
  }
  const lasts = columns.map(({ counts }) => counts.findLastIndex((count) => count > 0))
  rows.push([labels.last, ...lasts.map((last) => (last < 0 ? labels.none : String(last)))])
  const bySecond = columns.map(({ name, counts }) => `${name}: ${counts.join(' ')}`)
  const head = [labels.since, ...columns.map(({ name }) => name)]
  return [table(head, rows), '', ...bySecond].join('\n')
}

function toDayAndPeak(perDay: number, language: Language): string {
  return `${toCount(perDay, language)}; ${toCount(toPeakSecond(perDay), language)}`
}

function toFixed(value: number, digits = 3): string {
  return String(Number(value.toFixed(digits)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
