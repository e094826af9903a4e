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

function isJsonValue(value: unknown, parents: Set<object>): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || parents.has(value)) return false
  if (!Array.isArray(value) && !isPlainObject(value)) return false
  // An array with a hole, or with a property of its own, differs in its number of keys.
  if (Array.isArray(value) && Object.keys(value).length !== value.length) return false
  const inside = new Set(parents).add(value)
  return Object.values(value).every((member) => isJsonValue(member, inside))
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return false
  return Object.getOwnPropertySymbols(value).length === 0
}
