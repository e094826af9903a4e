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
  const per = (value: number) => toFigure(value / day.options.users)
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
  rows.push([labels.sum, ...[perUser.requests, get, put, deletes, list, calls].map(toFigure)])
  const share = ({ reads }: Day) => toPercent(reads.fromCopy / reads.total)
  const facts = [
    `reads from a copy: ${share(other)} at 30 s, ${share(day)} at 60 s`,
    `same counts at 30 s and 60 s: ${JSON.stringify(day.usage) === JSON.stringify(other.usage)}`,
    `errors: ${day.errors + other.errors}; refused writes: ${day.refusedWrites + other.refusedWrites}`,
    `bytes per session: ${Math.round(perUser.bytesPerSession)}`,
    `live sessions per user: ${toFigure(day.stored.records / day.options.users)}`,
  ]
  return [table(labels.dayHead, rows), ...facts].join('\n')
}

/** How many introspections are left if backends keep answers. */
export function reportKept(days: readonly Day[], language: Language): string {
  const labels = LABELS[language]
  const rows = days.map((day) => {
    const { keepSeconds, backendProcesses } = day.options
    const { introspections } = toPerUser(day)
    return [labels.keeping(keepSeconds, backendProcesses), toFigure(introspections)]
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
    toFigure(amount),
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
export function reportEndedSessions(
  short: EndedSessions,
  long: EndedSessions,
  language: Language,
): string {
  const { here, elsewhere, delays, since, seconds, last, none } = LABELS[language]
  const { sessions, keepSeconds } = long.options
  const columns: [string, readonly number[]][] = [
    [here, long.asked.here],
    [delays(elsewhere, short.options.staleness, 0), short.asked.elsewhere],
    [delays(elsewhere, long.options.staleness, 0), long.asked.elsewhere],
    [delays(here, 0, keepSeconds), long.kept.here],
    [delays(elsewhere, long.options.staleness, keepSeconds), long.kept.elsewhere],
  ]
  const rows = []
  for (let start = 0; start + BUCKET <= long.options.seconds; start += BUCKET) {
    const shares = columns.map(([, counts]) => {
      const accepted = counts.slice(start, start + BUCKET).reduce((a, b) => a + b, 0)
      return toPercent(accepted / (BUCKET * sessions))
    })
    rows.push([seconds(start, start + BUCKET - 1), ...shares])
  }
  const lasts = columns.map(([, counts]) => counts.findLastIndex((count) => count > 0))
  rows.push([last, ...lasts.map((second) => (second < 0 ? none : String(second)))])
  const bySecond = columns.map(([name, counts]) => `${name}: ${counts.join(' ')}`)
  return [table([since, ...columns.map(([name]) => name)], rows), '', ...bySecond].join('\n')
}

function toDayAndPeak(perDay: number, language: Language): string {
  const amounts = [toCount(perDay, language), toCount(toPeakSecond(perDay), language)]
  return amounts.join(LABELS[language].semicolon)
}

/** Three significant digits. */
function toFigure(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = `|${'---|'.repeat(head.length)}`
  const [first, ...others] = [head, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [first, line, ...others].join('\n')
}
