/** What the fields of orders and refunds have in common. */

import { isObject } from '../../src/lib/encoding'
import type { Fields } from '../phone-request'

/** The oldest are dropped beyond this number, to bound the memory. */
const MAX_ENTRIES = 10_000

export function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value)
  const oldest = map.keys().next().value
  if (map.size > MAX_ENTRIES && oldest !== undefined) map.delete(oldest)
}

export function toFields(value: unknown): Fields {
  return isObject(value) ? value : {}
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const isAmount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0

/** RFC 3339 in China's time, as WeChat Pay writes it. */
export function toChinaTime(seconds: number): string {
  return `${new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 19)}+08:00`
}

export function randomDigits(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return Array.from(bytes, (byte) => byte % 10).join('')
}
