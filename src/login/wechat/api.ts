/**
 * Calls to WeChat's server API: where they go, how long they may take, what counts as a response.
 *
 * The URLs of these calls carry the AppSecret, an access_token or a code, so neither a URL nor an
 * error that might quote one leaves this file.
 */

import { chooseHost } from '../../core/hosts'
import { Problem } from '../../core/problem'
import { isObject, parseLenientJson, parseUtf8 } from '../../lib/encoding'
import { readBody } from '../../lib/read-at-most'
import type { Context } from '../context'
import { findErrcodeRow, isBusy, type WeChatCall } from './errcodes'

/** What a call needs. */
export interface CallContext extends Context {
  /** Hosts that have been logged as passed over; bounded by the hosts in the settings. */
  readonly passedOver: Set<string>
}

/** One request: a POST if it has a body, else a GET. */
export interface WeChatRequest {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Sent as JSON, which leaves out what is undefined. */
  readonly body?: object
  /** Whether the call may be repeated while WeChat is busy: it has no effect, or the same again. */
  readonly isRepeatable?: true
}

/** WeChat's response, which may be a refusal. */
export interface WeChatResponse {
  /** The mini program it concerns. */
  readonly appid: string
  /** 0 for success; absent means 0. */
  readonly errcode: number
  readonly errmsg: unknown
  readonly fields: Readonly<Record<string, unknown>>
}

/** For one call with its retries, from the first byte sent to the last one read. */
const DEADLINE_MILLISECONDS = 5000

/** The most that is read of a response, in bytes. */
const RESPONSE_LIMIT = 64 * 1024

const BUSY_RETRIES = 2
const BACKOFF_MILLISECONDS = 100

/**
 * Makes a call. One that may be repeated is repeated up to twice while WeChat says it is busy.
 *
 * @returns the response, which may be a refusal: see {@link wechatError}
 * @throws {Problem} `wechat_timeout`, `wechat_unavailable`
 */
export async function callWeChat(
  context: CallContext,
  appid: string,
  request: WeChatRequest,
): Promise<WeChatResponse> {
  const { runtime } = context
  const signal = runtime.deadline(DEADLINE_MILLISECONDS)
  for (let retry = 0; ; retry++) {
    const response = await sendWithin(context, appid, request, signal)
    if (!isBusy(response.errcode) || !request.isRepeatable || retry === BUSY_RETRIES) {
      return response
    }
    await runtime.sleep(BACKOFF_MILLISECONDS * 2 ** retry * (1 + runtime.random()))
  }
}

async function sendWithin(
  context: CallContext,
  appid: string,
  request: WeChatRequest,
  signal: AbortSignal,
): Promise<WeChatResponse> {
  try {
    const base = await chooseHost(context, 'WECHAT_API_BASE')
    // The signal ends the request, and the body of its response, too.
    const response = await context.runtime.fetch(toHttpRequest(base, request, signal))
    return await readResponse(response, appid)
  } catch (error) {
    if (error instanceof Problem) throw error
    if (signal.aborted) throw new Problem('wechat_timeout')
    // The platform's message may quote the URL.
    throw badResponse('the connection failed')
  }
}

function toHttpRequest(
  base: string,
  { path, query, body }: WeChatRequest,
  signal: AbortSignal,
): Request {
  return new Request(`${base}${path}?${toQuery(query)}`, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : null,
    redirect: 'manual',
    signal,
  })
}

/** URLSearchParams would take several times as long. */
function toQuery(query: WeChatRequest['query']): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
    .join('&')
}

/** A call whose request WeChat's front end refused before its API read it. */
export class UnreadRequest extends Problem {}

/** Whether WeChat's front end has refused a request, without the JSON that its API answers with. */
export function isUnread({ status }: Response, fields: unknown): boolean {
  const hasErrcode = isObject(fields) && fields.errcode !== undefined
  return !hasErrcode && (status === 400 || status === 414 || status === 431)
}

/**
 * Reads a response by its body, whatever its content type: WeChat sends JSON as text/plain.
 *
 * @throws {Problem} `wechat_unavailable`; {@link UnreadRequest}, which is one
 */
export async function readResponse(response: Response, appid: string): Promise<WeChatResponse> {
  if (response.status >= 500) {
    await response.body?.cancel()
    throw badResponse(`HTTP status ${response.status}`)
  }
  const bytes = await readBody(response, RESPONSE_LIMIT)
  const fields = bytes && parseLenientJson(parseUtf8(bytes))
  if (isUnread(response, fields)) {
    const reason = `HTTP status ${response.status}`
    throw new UnreadRequest('wechat_unavailable', { log: { reason } })
  }
  if (!bytes) throw badResponse('the body is too large')
  if (!isObject(fields)) throw badResponse('the body is not a JSON object')
  const { errcode = 0, errmsg } = fields
  if (!Number.isSafeInteger(errcode)) throw badResponse('errcode is not a whole number')
  if (errcode === 0 && !response.ok) throw badResponse(`HTTP status ${response.status}`)
  return { appid, errcode: Number(errcode), errmsg, fields }
}

/** The problem that a refusal stands for. Of errmsg, only what the log needs is kept. */
export function wechatError({ appid, errcode, errmsg }: WeChatResponse, call: WeChatCall): Problem {
  const { code, detail, advice, namesIp, isUndocumented } = findErrcodeRow(errcode, call)
  const text = typeof errmsg === 'string' ? errmsg : ''
  const ip = namesIp && /\bip(?:v6)?:? ([\da-f.:]{3,45})/i.exec(text)?.[1]
  return new Problem(code, {
    errcode,
    ...(detail !== undefined && { detail }),
    log: {
      appid,
      rid: /\brid: ?([\w-]{1,64})/.exec(text)?.[1],
      ...(advice !== undefined && { settings: [advice] }),
      ...(ip && { reason: `WeChat saw the IP ${ip}` }),
      ...(isUndocumented && { reason: 'undocumented errcode' }),
    },
  })
}

/** Success of a call whose response is an errcode only, where an absent errcode means nothing. */
export function isOk({ fields }: WeChatResponse): boolean {
  return fields.errcode === 0
}

/** A response that lacks what it promises. The reason goes to the log and must hold no value. */
export function badResponse(reason: string): Problem {
  return new Problem('wechat_unavailable', { log: { reason } })
}
