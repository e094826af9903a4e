/** Checks values against the schemas of an API's document. */

import { Ajv2020 } from 'ajv/dist/2020.js'

const ajv = new Ajv2020({ strict: false, validateFormats: false })

/**
 * What a value has against a schema; `null` if nothing.
 *
 * @param api The API whose schemas a `$ref` names
 */
export function findViolations(api: { schemas: object }, schema: object, value: unknown): unknown {
  const validate = ajv.compile({ ...schema, components: { schemas: api.schemas } })
  return validate(value) ? null : validate.errors
}
