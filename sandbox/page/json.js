/** JSON of requests and responses, as the diagram shows it. */

import { texts } from './language.js'

/** The value of a JSON text, or the text itself where it is not JSON. */
export function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The names and values of a body or of a query. Lists of objects are one field per object. */
export function toFields(value) {
  if (typeof value === 'string') return value === '' ? [] : [[texts.textField, value]]
  return Object.entries(value ?? {}).flatMap(([name, field]) =>
    Array.isArray(field) && field.every((item) => item === Object(item))
      ? field.slice(0, 5).map((item, index) => [`${name}[${index}]`, toText(item)])
      : [[name, toText(field)]],
  )
}

function toText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
