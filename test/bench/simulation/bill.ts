/** Multiplies what a user needs in a day, as measured, to a population and its bill. */

import type { Day } from './day.ts'
import { ASSUMED, PAID } from './pattern.ts'
import type { Usage } from './system.ts'

/** What a population needs in a month, and what that costs in dollars, without logs. */
export function toBill({ users: measured, usage, stored }: Day, users: number) {
  const month = (users / measured) * ASSUMED.daysPerMonth
  const sum = (name: keyof Usage) =>
    Object.values(usage).reduce((total, caused) => total + caused[name], 0) * month
  const requests = sum('requests')
  const peakSecond = (requests / ASSUMED.daysPerMonth / 86_400) * ASSUMED.peakFactor
  const gigabytes = ((stored.bytes / stored.records) * users * ASSUMED.sessionsPerDailyUser) / 1e9
  const busyCores = (peakSecond * ASSUMED.serverMilliseconds) / 1000

  const beyond = (amount: number, price: { included: number; million: number }) =>
    (Math.max(0, amount - price.included) / 1e6) * price.million
  const toPrice = (name: 'get' | 'put' | 'delete' | 'list') => beyond(sum(name), PAID[name])
  const dollars = {
    requests: beyond(requests, PAID.requests),
    reads: toPrice('get'),
    changes: toPrice('put') + toPrice('delete') + toPrice('list'),
    rest:
      PAID.plan +
      beyond(requests * ASSUMED.workerMilliseconds, PAID.milliseconds) +
      Math.max(0, gigabytes - PAID.gigabytes.included) * PAID.gigabytes.each +
      beyond(sum('queueMessages') * ASSUMED.queueOperationsPerMessage, PAID.queueOperations),
  }
  return {
    peakSecond,
    gigabytes,
    dollars,
    total: Object.values(dollars).reduce((sum, part) => sum + part, 0),
    /** A server's, in the peak second. */
    busyCores,
    /** Of twice as many. */
    server: Math.ceil(busyCores * 2) * ASSUMED.core,
  }
}
