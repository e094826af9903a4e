/** Reads values whose shape nobody has checked: from `wx`, from storage, from a server. */

/** The fields of an object; none for any other value, so that reading a field never throws. */
export function readFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
