/**
 * WeChat Pay's callbacks: verified on the raw bytes, then decrypted, then parsed; and handed to the
 * Queue and the hook, which keep them. Nothing is stored here.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791902 (payments)
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791906 (refunds)
 */

import * as v from 'valibot'
import { callHook, EVENT_DETAIL, EVENT_MILLISECONDS, enqueue, MISSING } from '../core/hook-calls'
import { eventRefused, invalidRequest, Problem } from '../core/problem'
import { requireValue } from '../core/settings'
import { parseBase64, parseLenientJson, parseUtf8, utf8 } from '../lib/encoding'
import type { PayContext } from './api'
import { type Payment, parseTransaction, toPayment } from './orders'
import { parseRefundNotice, type Refund } from './refunds'
import { findSignatureFault } from './signature'

/**
 * The end of a payment or of a refund, as it goes to the Queue and to `HOOKS.onPayment`.
 *
 * @example
 * const toNumber = (event: PaymentEvent) =>
 *   'payment' in event ? event.payment.outTradeNo : event.refund.outRefundNo
 */
export type PaymentEvent = {
  /** Made of type, mchid and number: the same for every delivery of one event. */
  readonly key: string
  /** WeChat Pay's event_type: `TRANSACTION.SUCCESS`, `REFUND.SUCCESS`, … */
  readonly type: string
} & ({ readonly payment: Payment } | { readonly refund: Refund })

/**
 * The hook of payments, in the developer's own Worker or object, beside those of the login.
 *
 * @example
 * const hooks: PaymentHooks = { onPayment: ({ key, type }) => console.log(type, key) }
 */
export interface PaymentHooks {
  /**
   * Called once per delivery of an event; it and the Queue have 2.5 seconds together. Once it
   * resolves, WeChat Pay does not call again.
   */
  onPayment?(event: PaymentEvent): unknown
}

const ECHO_TYPE = 'SECURITY_ECHO.SUCCESS'
const REFUND_TYPES = ['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED']

const Resource = v.object({
  algorithm: v.string(),
  ciphertext: v.string(),
  nonce: v.string(),
  associated_data: v.nullish(v.string(), ''),
})

const Notice = v.object({ event_type: v.string(), resource: v.optional(v.unknown()) })

/**
 * Takes a callback.
 *
 * @param body The raw bytes
 * @throws {Problem} what the OpenAPI document lists for `POST /wechat/pay/events`
 */
export async function receivePaymentEvent(
  context: PayContext,
  { headers, body }: { headers: Headers; body: Uint8Array },
): Promise<void> {
  const { runtime, config } = context
  const fault = await findSignatureFault({ headers, body }, config.publicKeys, runtime.now())
  const text = parseUtf8(body) ?? ''
  if (fault) throw eventRefused(isXml(text) ? `${fault}, the body ${IS_XML}` : fault)
  const fields = parseLenientJson(text)
  const notice = v.safeParse(Notice, fields)
  if (!notice.success) throw invalidRequest('', toBodyFault(text, fields))
  const { event_type: type, resource } = notice.output
  const isEvent = type === 'TRANSACTION.SUCCESS' || REFUND_TYPES.includes(type)
  if (!isEvent && type !== ECHO_TYPE) {
    // Another delivery would have the same response, so it would not help.
    runtime.log({ level: 'info', reason: 'ignored a verified callback: unknown event_type' })
    return
  }
  const opened = await openResource(resource, config.apiV3Key)
  if (opened === null) throw eventRefused('resource')
  // The self-test: that it has opened proves the APIv3 key.
  if (isEvent) await deliver(context, toEvent(type, parseLenientJson(opened), config.mchid))
  else runtime.log({ level: 'info', reason: `a verified callback: ${ECHO_TYPE}` })
}

const IS_XML =
  'is XML, as of API v2: refund through the payments Worker, or set no refund URL in the merchant console'

function isXml(text: string): boolean {
  return /^\s*</.test(text)
}

/** Why a body that WeChat Pay has signed is no notification. */
function toBodyFault(text: string, fields: unknown): string {
  if (isXml(text)) return IS_XML
  return fields === undefined ? 'must be JSON' : 'is not a notification of WeChat Pay'
}

/**
 * Decrypts a resource: AES-256-GCM under the APIv3 key.
 *
 * @returns `null` if it does not open
 */
export async function openResource(resource: unknown, key: CryptoKey): Promise<string | null> {
  const { success, output } = v.safeParse(Resource, resource)
  if (!success) return null
  const { algorithm, ciphertext, nonce, associated_data } = output
  const bytes = parseBase64(ciphertext)
  if (algorithm !== 'AEAD_AES_256_GCM' || !bytes) return null
  try {
    const parameters = { name: 'AES-GCM', iv: utf8(nonce), additionalData: utf8(associated_data) }
    return parseUtf8(new Uint8Array(await crypto.subtle.decrypt(parameters, key, bytes)))
  } catch {
    return null
  }
}

function toEvent(type: string, fields: unknown, ours: string): PaymentEvent {
  if (type === 'TRANSACTION.SUCCESS') {
    const transaction = parseTransaction(fields)
    if (!transaction) throw eventRefused('fields')
    if (transaction.mchid !== ours) throw eventRefused('mchid')
    const key = `${type}:${ours}:${transaction.out_trade_no}`
    return { key, type, payment: toPayment(transaction) }
  }
  const notice = parseRefundNotice(fields)
  if (!notice) throw eventRefused('fields')
  if (notice.mchid !== ours) throw eventRefused('mchid')
  return { key: `${type}:${ours}:${notice.refund.outRefundNo}`, type, refund: notice.refund }
}

/** The Queue first: it keeps the event, even if the hook fails. */
async function deliver({ runtime, config }: PayContext, event: PaymentEvent): Promise<void> {
  const { hooks } = config
  const events = requireValue(config.events)
  const signal = runtime.deadline(EVENT_MILLISECONDS)
  if (events) await enqueue(events, event, signal)
  const call = { method: 'onPayment', argument: event, signal, detail: EVENT_DETAIL }
  const answer = await callHook(hooks, call)
  if (events || answer !== MISSING) return
  const settings = ['neither HOOKS with onPayment nor EVENTS is bound, so nobody takes an event']
  throw new Problem('hook_unavailable', { log: { settings } })
}
