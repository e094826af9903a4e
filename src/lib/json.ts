/** JSON values, their JSON, and that of what another Worker or the caller's own code gives as one. */

import { isObject, utf8 } from './encoding'

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

export interface JsonObject {
  [name: string]: JsonValue
}

/** A deeper value would exhaust the stack, here or in `JSON.stringify`. */
const MAX_DEPTH = 512

/**
 * The JSON of a plain object that JSON keeps as it is.
 *
 * Values that share members are counted as often as JSON repeats them, and the count ends at the
 * limit: 25 objects can be 32 million in JSON.
 *
 * @param limit The most that the JSON may take, in bytes of UTF-8
 * @returns `null` if it is not such an object, or is larger
 * @throws what a getter throws
 */
export function toJson(value: unknown, limit: number): string | null {
  if (!isObject(value) || !isJsonValue(value, { left: limit }, 0)) return null
  const json = JSON.stringify(value)
  return utf8(json).length <= limit ? json : null
}

/**
 * The JSON of a value of our own, as it is sent: U+2028 and U+2029 are escaped, because on some phones
 * `wx.request` does not parse an answer that holds them.
 */
export function toSentJson(value: object): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** How many more bytes the JSON may take. */
interface Budget {
  left: number
}

function isJsonValue(value: unknown, budget: Budget, depth: number): boolean {
  // Each takes at least this much, without quotes, commas and escapes.
  budget.left -= typeof value === 'string' ? value.length : 1
  if (budget.left < 0 || depth > MAX_DEPTH) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (Array.isArray(value)) {
    const isArray = value.length <= budget.left && isPlainArray(value)
    return isArray && value.every((member) => isJsonValue(member, budget, depth + 1))
  }
  if (!isPlainObject(value)) return false
  return Object.keys(value).every((name) => {
    budget.left -= name.length
    return name.isWellFormed() && isJsonValue(Reflect.get(value, name), budget, depth + 1)
  })
}

/** Without holes, and without properties of its own. */
function isPlainArray(value: readonly unknown[]): boolean {
  const keys = Object.keys(value)
  return keys.length === value.length && keys.every((key, index) => key === String(index))
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return false
  // workerd puts a way to dispose of it on every object that an RPC call returns.
  return Object.getOwnPropertySymbols(value).every((symbol) => symbol === Symbol.dispose)
}
