/** Request bodies: JSON, forms and texts, never more of one than the limit. */

import type * as v from 'valibot'
import { parseJson, parseUtf8 } from '../lib/encoding'
import { readBody } from '../lib/read-at-most'
import { invalidRequest, Problem } from './problem'
import { parse } from './schemas'

/** The most that is read of a request body, in bytes. */
export const BODY_LIMIT = 64 * 1024

/**
 * The JSON body of a request, as its schema has it.
 *
 * @throws {Problem} `unsupported_media_type`, `body_too_large`, `invalid_request`
 */
export async function readJsonBody<const Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  if (!isJson(request.headers)) throw new Problem('unsupported_media_type')
  const value = parseJson(await readText(request))
  if (value === undefined) throw invalidRequest('', 'must be JSON')
  return parse(schema, value)
}

/**
 * The fields of a form, `application/x-www-form-urlencoded`.
 *
 * @throws {Problem} `unsupported_media_type`, `body_too_large`, `invalid_request`
 */
export async function readFormBody(request: Request): Promise<URLSearchParams> {
  if (!isForm(request.headers)) {
    const detail = 'Send a form with `Content-Type: application/x-www-form-urlencoded`.'
    throw new Problem('unsupported_media_type', { detail })
  }
  return new URLSearchParams(await readText(request))
}

/**
 * The text of a request's body, whatever its type.
 *
 * @throws {Problem} `body_too_large`, `invalid_request`
 */
export async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request).catch(() => {
    // A phone that lost its connection is not our error.
    throw invalidRequest('', 'was interrupted')
  })
  if (!bytes) throw new Problem('body_too_large')
  const text = parseUtf8(bytes)
  if (text === null) throw invalidRequest('', 'must be UTF-8')
  return text
}

/** The raw bytes of a request's body; `null` if it is longer than the limit. */
export async function readBytes(request: Request): Promise<Uint8Array | null> {
  if (Number(request.headers.get('Content-Length')) > BODY_LIMIT) return null
  return readBody(request, BODY_LIMIT)
}

/** Whether a body is `application/x-www-form-urlencoded`. */
export function isForm(headers: Headers): boolean {
  const type = headers.get('Content-Type') ?? ''
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)
}

function isJson(headers: Headers): boolean {
  const type = headers.get('Content-Type') ?? ''
  const isUtf8 = !/charset\s*=(?!\s*"?utf-?8"?\s*(;|$))/i.test(type)
  const isPlain = (headers.get('Content-Encoding') ?? 'identity') === 'identity'
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type) && isUtf8 && isPlain
}
