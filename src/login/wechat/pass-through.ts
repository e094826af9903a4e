/**
 * The pass-through: any call to WeChat's server API with an access_token put in, and WeChat's
 * response handed back as it is. Bodies stream in both directions.
 *
 * The path is appended to the base URL and never resolved against it: `//host` or `@host` would send
 * the access_token to another server.
 */

import { chooseHost } from '../../core/hosts'
import { invalidRequest, Problem, RESPONSE_HEADERS } from '../../core/problem'
import { rejectOnAbort } from '../../lib/abort'
import { concat } from '../../lib/bytes'
import { isObject, parseLenientJson, parseUtf8 } from '../../lib/encoding'
import { readAtMost } from '../../lib/read-at-most'
import type { MiniProgram } from '../mini-programs'
import {
  type AccessTokenContext,
  dropAccessToken,
  getAccessToken,
  renewAccessToken,
} from './access-token'
import { badResponse, isUnread } from './api'
import { isAccessTokenRejected } from './errcodes'

/** A call, as the caller wants WeChat to get it. */
export interface PassThroughRequest {
  readonly method: string
  /** From the slash on: `/wxa/getwxacode`. */
  readonly path: string
  /** As it goes over the wire, without the question mark; without `access_token`. */
  readonly query: string
  readonly contentType: string | null
  readonly accept: string | null
  readonly body: PassThroughBody | null
}

export interface PassThroughBody {
  readonly stream: ReadableStream<Uint8Array>
  /** In bytes; `null` if the caller has not declared it. */
  readonly length: number | null
}

/** The largest body that is passed on, in bytes: WeChat's own limit for media. */
export const MEDIA_LIMIT = 10 * 1024 * 1024

/** The largest body of undeclared length, in bytes. It is held in memory, of which an isolate has 128 MB. */
const UNDECLARED_LIMIT = 2 * 1024 * 1024

/** The largest body that is kept so that the call can be repeated, in bytes. */
const KEPT_BODY_LIMIT = 64 * 1024

/** How much of a response is read to find an errcode, in bytes. */
const PEEK_LIMIT = 4096

/** From the end of the caller's body to the head of WeChat's response. */
const HEAD_DEADLINE_MILLISECONDS = 5000

/** For a whole call, from its start to the end of WeChat's response. */
const CALL_DEADLINE_MILLISECONDS = 60_000

const TIMEOUT_DETAIL = 'WeChat did not answer in time. The call may have had its effect.'
const UNAVAILABLE_DETAIL = 'WeChat gave no answer. The call may have had its effect.'

const PATH = /^(\/[A-Za-z0-9_.-]+)+$/

/** What would give credentials away, use them up, or bypass the sessions; `*` stands for any rest. */
const REFUSED_PATHS = [
  '/sns/*',
  '/cgi-bin/token',
  '/cgi-bin/stable_token',
  '/cgi-bin/ticket/*',
  '/cgi-bin/component/*',
  '/cgi-bin/clear_quota*',
  '/cgi-bin/openapi/quota/clear',
  '/wxa/checksession',
  '/wxa/resetusersessionkey',
  '/wxa/business/getuserencryptkey',
  '/tcb/getqcloudtoken',
]

/** @throws {Problem} `wechat_path_refused`, `invalid_request` for a query with an access_token */
export function checkPassThrough(path: string, query: string): void {
  const segments = path.split('/')
  const isPath = PATH.test(path) && !segments.includes('.') && !segments.includes('..')
  if (!isPath || isRefused(path.toLowerCase())) throw new Problem('wechat_path_refused')
  if (new URLSearchParams(query).has('access_token')) {
    throw invalidRequest('access_token', 'must be absent; the server puts one in')
  }
}

function isRefused(path: string): boolean {
  return REFUSED_PATHS.some((refused) =>
    refused.endsWith('*') ? path.startsWith(refused.slice(0, -1)) : path === refused,
  )
}

/**
 * Makes the call. If WeChat rejects the access_token, it is renewed; and if the body was small
 * enough to keep, the call is repeated once.
 *
 * @returns WeChat's response: its status, content type and body
 * @throws {Problem} what the OpenAPI document lists for `/wechat/api/*`
 */
export async function passThrough(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  request: PassThroughRequest,
): Promise<Response> {
  checkPassThrough(request.path, request.query)
  const call = context.runtime.deadline(CALL_DEADLINE_MILLISECONDS)
  const body = await toSentBody(request)
  const sendWith = async (access_token: string) => {
    const made = await attempt(context, request, { access_token, body, call })
    if (made.fault === 'unread') await dropAccessToken(context, miniProgram, access_token)
    return made
  }
  const access_token = await getAccessToken(context, miniProgram)
  const first = await sendWith(access_token)
  if (first.fault !== 'rejected') return first.response
  const renewal = renewAccessToken(context, miniProgram, access_token)
  if ('bytes' in body && body.bytes.length <= KEPT_BODY_LIMIT) {
    return (await sendWith(await renewal)).response
  }
  // This caller gets WeChat's response; the next one gets a token that works.
  await renewal.catch(() => undefined)
  return first.response
}

/** A body as it goes to WeChat, which refuses one without a Content-Length. */
type SentBody =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly stream: ReadableStream<Uint8Array>; readonly length: number }

async function toSentBody({ method, body }: PassThroughRequest): Promise<SentBody> {
  if (!body || isBodiless(method)) return { bytes: new Uint8Array() }
  const { stream, length } = body
  if (length !== null && length > MEDIA_LIMIT) throw tooLarge()
  if (length !== null && length > KEPT_BODY_LIMIT) return { stream, length }
  const bytes = await readAtMost(stream, UNDECLARED_LIMIT).catch(() => {
    throw invalidRequest('', 'was interrupted')
  })
  if (!bytes) throw tooLarge()
  return { bytes }
}

/** `fetch` takes no body with these methods. */
function isBodiless(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function tooLarge(): Problem {
  const detail =
    'Request bodies to WeChat are limited to 10 MiB, and to 2 MiB without a Content-Length.'
  return new Problem('body_too_large', { detail })
}

interface Attempt {
  readonly response: Response
  /**
   * `rejected`: WeChat does not accept the access_token. `unread`: WeChat's front end did not read the
   * request.
   */
  readonly fault: 'rejected' | 'unread' | null
}

async function attempt(
  context: AccessTokenContext,
  request: PassThroughRequest,
  { access_token, body, call }: { access_token: string; body: SentBody; call: AbortSignal },
): Promise<Attempt> {
  const { runtime } = context
  const stop = new AbortController()
  const { source, sent } = toSource(body)
  const headers = toHeaders(request)
  // Workers know the length of such a stream without it, Node does not.
  if ('stream' in body) headers['Content-Length'] = String(body.length)
  const late = sent.then(() => rejectOnAbort(runtime.deadline(HEAD_DEADLINE_MILLISECONDS)))
  const head = chooseHost(context, 'WECHAT_API_BASE').then((base) =>
    runtime.fetch(
      new Request(toUrl(base, request, access_token), {
        method: request.method,
        headers,
        ...(!isBodiless(request.method) && { body: source }),
        redirect: 'manual',
        signal: AbortSignal.any([stop.signal, call]),
      }),
    ),
  )
  try {
    return await peek(await Promise.race([head, late]))
  } catch (error) {
    stop.abort()
    const isLate = call.aborted || (error instanceof DOMException && error.name === 'TimeoutError')
    if (isLate) throw new Problem('wechat_timeout', { detail: TIMEOUT_DETAIL })
    // The platform's message may quote the URL.
    throw badResponse('the connection failed').with({ detail: UNAVAILABLE_DETAIL })
  }
}

function toUrl(base: string, { path, query }: PassThroughRequest, access_token: string): string {
  const own = new URLSearchParams({ access_token })
  return `${base}${path}?${own}${query && `&${query}`}`
}

function toHeaders({ contentType, accept }: PassThroughRequest): Record<string, string> {
  return {
    ...(contentType !== null && { 'Content-Type': contentType }),
    ...(accept !== null && { Accept: accept }),
  }
}

/** The body of a request, and when the caller's part of it is over. */
function toSource(body: SentBody): { source: BodyInit; sent: Promise<void> } {
  if ('bytes' in body) return { source: body.bytes, sent: Promise.resolve() }
  // With the Content-Length of the request, a body that is longer or shorter fails the fetch.
  const { readable, writable } = new FixedLengthStream(body.length)
  // A body that breaks off fails the fetch, unless WeChat has responded before its end.
  const sent = body.stream.pipeTo(writable).catch(() => undefined)
  return { source: readable, sent }
}

/** Reads as much of a response as an errcode takes, and hands back all of it. */
async function peek(response: Response): Promise<Attempt> {
  const unread = isUnread(response, null) ? 'unread' : null
  if (!response.body) return { response: toResponse(response, null), fault: unread }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  for (let length = 0; length <= PEEK_LIMIT; ) {
    const { done, value } = await reader.read()
    if (done) {
      const bytes = concat(chunks)
      return { response: toResponse(response, bytes), fault: findFault(response, bytes) }
    }
    chunks.push(value)
    length += value.length
  }
  reader.releaseLock()
  const stream = prepend(concat(chunks), response.body)
  return { response: toResponse(response, stream), fault: unread }
}

function findFault(response: Response, bytes: Uint8Array): Attempt['fault'] {
  const fields = parseLenientJson(parseUtf8(bytes))
  if (isUnread(response, fields)) return 'unread'
  const errcode = isObject(fields) && typeof fields.errcode === 'number' ? fields.errcode : 0
  return isAccessTokenRejected(errcode) ? 'rejected' : null
}

function prepend(start: Uint8Array, rest: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const { readable, writable } = new IdentityTransformStream()
  const writer = writable.getWriter()
  const written = writer.write(start).then(() => {
    writer.releaseLock()
    return rest.pipeTo(writable)
  })
  // Whoever reads the stream learns of a failure; without a reader, the rest is of no use.
  written.catch(() => rest.cancel()).catch(() => undefined)
  return readable
}

/** Of WeChat's headers only the content type (a Location could quote our URL), and our own. */
function toResponse({ status, headers }: Response, body: BodyInit | null): Response {
  const type = headers.get('Content-Type')
  return new Response(body, {
    status,
    headers: {
      ...RESPONSE_HEADERS,
      ...(type !== null && { 'Content-Type': type }),
    },
  })
}
