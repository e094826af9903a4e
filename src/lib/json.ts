/** JSON values, and whether a value from another Worker or the caller's own code is one. */

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

export interface JsonObject {
  [name: string]: JsonValue
}

/**
 * Whether a value is a plain object that JSON keeps as it is.
 *
 * @param limit The most that its JSON may take, in bytes of UTF-8
 */
export function isJsonObject(
  value: unknown,
  limit = Number.POSITIVE_INFINITY,
): value is JsonObject {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return false
  if (!isJsonValue(value, new Set())) return false
  return new TextEncoder().encode(JSON.stringify(value)).length <= limit
}

/** A deeper value would exhaust the stack, here or in `JSON.stringify`. */
const MAX_DEPTH = 512

function isJsonValue(value: unknown, parents: ReadonlySet<object>): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || parents.has(value) || parents.size === MAX_DEPTH) return false
  if (Array.isArray(value) ? !isPlainArray(value) : !isPlainObject(value)) return false
  const inside = new Set(parents).add(value)
  return Object.values(value).every((member) => isJsonValue(member, inside))
}

/** Without holes, and without properties of its own. */
function isPlainArray(value: readonly unknown[]): boolean {
  const keys = Object.keys(value)
  return keys.length === value.length && keys.every((key, index) => key === String(index))
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return false
  // workerd puts a way to dispose of it on every object that an RPC call returns.
  const symbols = Object.getOwnPropertySymbols(value)
  if (symbols.some((symbol) => symbol !== Symbol.dispose)) return false
  return Object.keys(value).every((name) => name.isWellFormed())
}
