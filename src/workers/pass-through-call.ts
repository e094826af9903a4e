/** The call of another Worker for the pass-through, parsed. */

import { invalidRequest } from '../core/problem'
import { isObject, utf8 } from '../lib/encoding'
import { toJson } from '../lib/json'
import {
  MEDIA_LIMIT,
  type PassThroughBody,
  type PassThroughRequest,
} from '../login/wechat/pass-through'

/**
 * A call for the pass-through.
 *
 * @example
 * const options: WeChatCallOptions = { body: { scene: 'invite=42' } }
 * const code = await env.LOGIN.wechat('/wxa/getwxacodeunlimit', options)
 */
export interface WeChatCallOptions {
  /** Needed where there are several mini programs. */
  readonly appid?: string
  /** By default POST with a body and GET without. */
  readonly method?: string
  readonly query?: string | Readonly<Record<string, string>>
  /**
   * An object is sent as JSON. At most 10 MiB; of a stream without a `Content-Length` in `headers`, at
   * most 2 MiB.
   */
  readonly body?: string | ArrayBuffer | Uint8Array | ReadableStream<Uint8Array> | object
  /** Only `Content-Type` and `Accept` go on. */
  readonly headers?: Headers | Readonly<Record<string, string>>
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Parses a call. The caller's types end at the binding.
 *
 * @throws {Problem} `invalid_request`
 */
export function parseWeChatCall(
  path: unknown,
  options: unknown,
): PassThroughRequest & { readonly appid: string | null } {
  if (typeof path !== 'string') throw invalidRequest('path', 'must be a string')
  if (!isObject(options)) throw invalidRequest('', 'must be an object')
  const { appid = null, method, query, body: content, headers: sent } = options
  if (appid !== null && typeof appid !== 'string') throw invalidRequest('appid', 'must be a string')
  const headers = parseHeaders(sent)
  const body = content === undefined || content === null ? null : parseBody(content, headers)
  return {
    appid,
    method: parseMethod(method ?? (body ? 'POST' : 'GET')),
    path,
    query: parseQuery(query),
    contentType: headers.get('Content-Type') ?? body?.type ?? null,
    accept: headers.get('Accept'),
    body,
  }
}

function parseMethod(value: unknown): string {
  const method = typeof value === 'string' ? value.toUpperCase() : ''
  if (METHODS.includes(method)) return method
  throw invalidRequest('method', `must be one of ${METHODS.join(', ')}`)
}

function parseQuery(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value.replace(/^\?/, '')
  if (isObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    const pairs = Object.entries(value).map(([name, text]) => [name, String(text)])
    return new URLSearchParams(pairs).toString()
  }
  throw invalidRequest('query', 'must be a query string or an object whose values are strings')
}

function parseHeaders(value: unknown): Headers {
  if (value instanceof Headers) return value
  if (value === undefined || value === null) return new Headers()
  try {
    return new Headers(value as Record<string, string>)
  } catch {
    throw invalidRequest('headers', 'must be Headers or an object whose values are strings')
  }
}

/** A body, with its length where it is known and a type where there is only one. */
function parseBody(
  value: unknown,
  headers: Headers,
): PassThroughBody & { readonly type: string | null } {
  if (value instanceof ReadableStream) {
    const declared = headers.get('Content-Length') ?? ''
    return { stream: value, length: /^\d+$/.test(declared) ? Number(declared) : null, type: null }
  }
  if (typeof value === 'string') return { ...toBody(utf8(value)), type: null }
  if (value instanceof ArrayBuffer) return { ...toBody(new Uint8Array(value)), type: null }
  if (value instanceof Uint8Array) return { ...toBody(value), type: null }
  const json = toJson(value, MEDIA_LIMIT)
  if (json !== null) return { ...toBody(utf8(json)), type: 'application/json' }
  throw invalidRequest(
    'body',
    'must be a string, bytes, a stream or a JSON object, of at most 10 MiB',
  )
}

function toBody(bytes: Uint8Array): PassThroughBody {
  const { body } = new Response(bytes as Uint8Array<ArrayBuffer>)
  return { stream: body ?? new ReadableStream(), length: bytes.length }
}
