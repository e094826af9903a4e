/**
 * Calls to WeChat Pay: signed, in time, and believed only if the response is signed as well.
 *
 * An outcome that is not known is never an error of the order: the caller repeats the same request
 * with the same number, or queries it. This file does not repeat a call itself.
 */

import { chooseHost } from '../core/hosts'
import { Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { randomBytes } from '../lib/crypto'
import { isObject, parseLenientJson, parseUtf8 } from '../lib/encoding'
import { readBody } from '../lib/read-at-most'
import type { PayCall } from './codes'
import type { PayConfig } from './config'
import { payProblem } from './errors'
import { toRefusal } from './refusals'
import { findSignatureFault, toAuthorization } from './signature'

/** What a call needs: the settings and the outside world. */
export interface PayContext {
  readonly runtime: Runtime
  readonly config: PayConfig
  readonly hosts: KnownHosts
}

/** What an isolate has learned about WeChat Pay's hosts. */
export interface KnownHosts {
  /** Hosts that have been logged as passed over; bounded by the hosts in the settings. */
  readonly passedOver: Set<string>
  /** The host that has answered last, and until when it is asked without probing, in Unix seconds. */
  answered: { readonly base: string; readonly until: number } | null
}

export interface PayRequest {
  readonly call: PayCall
  readonly method: 'GET' | 'POST'
  /** With the query, percent-encoded. */
  readonly pathAndQuery: string
  /** Serialized once: what is signed is what is sent. JSON leaves out what is undefined. */
  readonly body?: object
}

/** A signed response's fields; none for a 204. */
export type PayFields = Readonly<Record<string, unknown>>

const DEADLINE_MILLISECONDS = 5000
const TRUST_SECONDS = 30
/** Of a URL in its normal form. To parse one takes several times as long. */
const ORIGIN = /^\w+:\/\/[^/]+/
const RESPONSE_LIMIT = 64 * 1024
const USER_AGENT = 'code2session/0.1.0'

/** When a call has to have its response, and whatever confirms it. */
export function startDeadline({ runtime }: PayContext): AbortSignal {
  return runtime.deadline(DEADLINE_MILLISECONDS)
}

/**
 * Makes a call.
 *
 * @throws {Problem} what WeChat Pay refuses it for; `pay_timeout`, `pay_unavailable` where the
 * outcome is not known
 */
export async function callWeChatPay(
  context: PayContext,
  request: PayRequest,
  signal = startDeadline(context),
): Promise<PayFields> {
  try {
    // The signal ends the request, and the body of its response, too.
    const response = await sendToHosts(context, request, signal)
    return await readResponse(context, request, response)
  } catch (error) {
    if (error instanceof Problem) throw error
    context.hosts.answered = null
    if (signal.aborted) throw payProblem('pay_timeout')
    throw unavailable('the connection failed')
  }
}

/**
 * Where a connection fails before a response, the next host gets the same body, newly signed. The first
 * host may have received it as well; the number makes both requests one order or refund.
 */
async function sendToHosts(
  context: PayContext,
  request: PayRequest,
  signal: AbortSignal,
): Promise<Response> {
  const base = await findHost(context)
  try {
    return await sendTo(base, context, request, signal)
  } catch (error) {
    const next = context.config.apiBases.find((other) => other !== base)
    if (signal.aborted || next === undefined) throw error
    return await sendTo(next, context, request, signal)
  }
}

async function sendTo(
  base: string,
  context: PayContext,
  request: PayRequest,
  signal: AbortSignal,
): Promise<Response> {
  const { runtime, hosts } = context
  const signed = await toHttpRequest(context, base, request, signal)
  // The caller has already timed out.
  signal.throwIfAborted()
  const response = await runtime.fetch(signed)
  hosts.answered = { base, until: runtime.now() + TRUST_SECONDS }
  return response
}

/** Probing costs a round trip, so a host that has answered lately is asked without. */
async function findHost({ runtime, config, hosts }: PayContext): Promise<string> {
  const { answered, passedOver } = hosts
  if (answered && answered.until > runtime.now()) return answered.base
  return chooseHost({ runtime, config, passedOver }, 'WECHAT_PAY_API_BASE')
}

async function toHttpRequest(
  { runtime, config }: PayContext,
  base: string,
  { method, pathAndQuery, body }: PayRequest,
  signal: AbortSignal,
): Promise<Request> {
  const url = `${base}${pathAndQuery}`
  const text = body === undefined ? '' : JSON.stringify(body)
  const signed = {
    method,
    pathAndQuery: url.replace(ORIGIN, ''),
    timestamp: runtime.now(),
    nonce: createNonce(),
    body: text,
  }
  return new Request(url, {
    method,
    headers: {
      Authorization: await toAuthorization(signed, config),
      Accept: 'application/json',
      'User-Agent': USER_AGENT,
      'Wechatpay-Serial': config.publicKeyId,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    body: text || null,
    redirect: 'manual',
    signal,
  })
}

/** 32 hex digits. */
export function createNonce(): string {
  return randomBytes(16).toHex()
}

/** The status first: refusals may be unsigned, and are hints. What says success must be signed. */
async function readResponse(
  { runtime, config }: PayContext,
  { call }: PayRequest,
  response: Response,
): Promise<PayFields> {
  const { status, headers } = response
  const body = await readBody(response, RESPONSE_LIMIT)
  if (!body) throw unavailable('the body is too large')
  const fields = parseLenientJson(parseUtf8(body))
  if (!response.ok) {
    throw toRefusal({ call, status, fields, log: findRequestId(headers) })
  }
  const fault = await findSignatureFault({ headers, body }, config.publicKeys, runtime.now())
  if (fault) throw unavailable(`a response is not WeChat Pay's: ${fault}`, headers)
  // A replayed response to another call must not close an order.
  if (status !== (call === 'close' ? 204 : 200)) {
    throw unavailable(`HTTP status ${status}`, headers)
  }
  if (status === 204 && body.length === 0) return {}
  if (status === 204 || !isObject(fields))
    throw unavailable('the body is not a JSON object', headers)
  return fields
}

/** A response that cannot be believed. The reason goes to the log and must hold no value. */
export function unavailable(reason: string, headers = new Headers()) {
  return payProblem('pay_unavailable', { log: { ...findRequestId(headers), reason } })
}

/** WeChat Pay's id of the request, which its support asks for. */
function findRequestId(headers: Headers): { rid?: string } {
  const rid = headers.get('Request-ID')
  return rid && /^[\w-]{1,80}$/.test(rid) ? { rid } : {}
}
