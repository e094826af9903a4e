/** Bodies from outside, ours and WeChat's: never more of one than its limit. */

import * as v from 'valibot'
import { isObject, parseJson, textOf } from '../lib/encoding'
import { type FieldError, Problem } from '../problem'

/** The most that is read of any body, in bytes. */
export const BODY_LIMIT = 64 * 1024

/**
 * Reads a body to its end, or up to the limit.
 *
 * @returns `null` if it is longer; the rest is not read
 */
export async function readAtMost(
  message: Request | Response,
  limit: number,
): Promise<Uint8Array | null> {
  const { headers, body } = message
  const declared = headers.get('Content-Length')
  if (Number(declared) > limit) return null
  // A length that was declared cannot be exceeded, and then the platform reads the body several
  // times faster than a loop does; unless the body is longer once it is unpacked.
  if (declared !== null && !headers.has('Content-Encoding')) {
    const bytes = new Uint8Array(await message.arrayBuffer())
    return bytes.length > limit ? null : bytes
  }
  return collect(body, limit)
}

async function collect(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    // Leaving the loop cancels the stream.
    if (length > limit) return null
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

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
  if (value === undefined) throw invalidRequest([{ path: '', message: 'must be JSON' }])
  return parse(schema, value)
}

/**
 * The fields of a form, `application/x-www-form-urlencoded`.
 *
 * @throws {Problem} `unsupported_media_type`, `body_too_large`, `invalid_request`
 */
export async function readFormBody(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('Content-Type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
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
  const bytes = await readAtMost(request, BODY_LIMIT).catch(() => {
    // A phone that lost its connection is no error of ours.
    throw invalidRequest([{ path: '', message: 'broke off' }])
  })
  if (!bytes) throw new Problem('body_too_large')
  const text = textOf(bytes)
  if (text === null) throw invalidRequest([{ path: '', message: 'must be UTF-8' }])
  return text
}

/**
 * A value from outside, as its schema has it. The schema's messages must not hold values.
 *
 * @throws {Problem} `invalid_request`, with a message for each field
 */
export function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> {
  if (!isObject(value)) throw invalidRequest([{ path: '', message: 'must be a JSON object' }])
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw invalidRequest(
    result.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message })),
  )
}

function invalidRequest(errors: readonly FieldError[]): Problem {
  return new Problem('invalid_request', { errors })
}

function isJson(headers: Headers): boolean {
  const [type = '', ...parameters] = (headers.get('Content-Type') ?? '').toLowerCase().split(';')
  if (!/^application\/(?:[\w.-]+\+)?json$/.test(type.trim())) return false
  const charset = parameters
    .map((p) => /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/.exec(p)?.[1])
    .find(Boolean)
  const encoding = headers.get('Content-Encoding') ?? 'identity'
  return (charset === undefined || /^utf-?8$/.test(charset)) && encoding === 'identity'
}
