/** Values from outside, as their schemas have them: what the endpoints of both Workers share. */

import * as v from 'valibot'
import { isObject } from '../lib/encoding'
import { type FieldError, invalidRequest, Problem } from './problem'

/** An object with these fields. */
export const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, 'is missing')

/**
 * A value from outside, as its schema has it.
 *
 * @throws {Problem} `invalid_request`, with a message for each field
 */
export function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  if (!isObject(value)) throw invalidRequest('', 'must be a JSON object')
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  // One mistake can fail several checks that say the same.
  const errors = new Map<string, FieldError>()
  for (const issue of result.issues) {
    const path = issue.path?.map(({ key }) => key).join('.') ?? ''
    const error = { path, message: issue.message }
    errors.set(`${error.path} ${error.message}`, error)
  }
  throw new Problem('invalid_request', { errors: [...errors.values()] })
}
