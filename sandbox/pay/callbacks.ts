/** WeChat Pay's callbacks: genuine ones, and those that a payments Worker has to refuse. */

import { NOTIFY_URL } from './merchant'
import { type PayOrder, toClaimedTransaction, toTransaction } from './orders'
import { type PayRefund, toRefundEvent } from './refunds'
import {
  isSignatureFault,
  SIGNATURE_FAULTS,
  type SigningContext,
  sealResource,
  signHeaders,
  toForgery,
} from './signatures'

/** What can be wrong with a callback. The last two are genuine, and mean nothing to a shop. */
export const CALLBACK_FAULTS = [
  ...SIGNATURE_FAULTS,
  'touched',
  'wrong_key',
  'algorithm',
  'xml',
  'foreign',
  'unknown_type',
  'echo',
] as const

export type CallbackFault = (typeof CALLBACK_FAULTS)[number]

export const isCallbackFault = (value: unknown): value is CallbackFault =>
  CALLBACK_FAULTS.some((name) => name === value)

/** What a callback is about: a paid order, or a refund that has ended. */
export type PayEvent = { readonly order: PayOrder } | { readonly refund: PayRefund }

const XML = '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>'

/** The callback of an event, as WeChat Pay sends it. */
export async function callbackRequest(
  event: PayEvent,
  context: SigningContext,
  fault: CallbackFault | null = null,
): Promise<Request> {
  const body = fault === 'xml' ? XML : await toBody(event, context, fault)
  const forgery = isSignatureFault(fault) ? toForgery(fault, context) : {}
  const headers = await signHeaders(body, context, forgery)
  return new Request(toNotifyUrl(event), {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0' },
    // The same JSON with other white space: whoever parses first and verifies later misses it.
    body: fault === 'touched' ? JSON.stringify(JSON.parse(body), null, 2) : body,
  })
}

/** The body of a callback whose encrypted fields are these. */
export async function callbackBody(
  type: string,
  fields: object | string,
  { apiV3Key, algorithm = 'AEAD_AES_256_GCM' }: { apiV3Key: string; algorithm?: string },
): Promise<string> {
  const isRefund = type.startsWith('REFUND')
  const resource = await sealResource(fields, isRefund ? 'refund' : 'transaction', apiV3Key)
  return JSON.stringify({
    id: crypto.randomUUID(),
    create_time: new Date().toISOString(),
    resource_type: 'encrypt-resource',
    event_type: type,
    summary: isRefund ? '退款成功' : '支付成功',
    resource: { ...resource, algorithm },
  })
}

const toNotifyUrl = (event: PayEvent) =>
  ('order' in event ? event.order : event.refund).notifyUrl || NOTIFY_URL

function toBody(
  event: PayEvent,
  { merchant }: SigningContext,
  fault: CallbackFault | null,
): Promise<string> {
  const fields = toEventFields(event, fault)
  const claimed = fault === 'foreign' ? { ...fields, mchid: `${merchant.mchid}9` } : fields
  return callbackBody(toType(event, fault), claimed, {
    apiV3Key: fault === 'wrong_key' ? 'x'.repeat(32) : merchant.apiV3Key,
    ...(fault === 'algorithm' && { algorithm: 'AEAD_SM4_GCM' }),
  })
}

function toEventFields(event: PayEvent, fault: CallbackFault | null) {
  if ('refund' in event) return toRefundEvent(event.refund)
  return fault ? toClaimedTransaction(event.order) : toTransaction(event.order)
}

function toType(event: PayEvent, fault: CallbackFault | null): string {
  if (fault === 'echo') return 'SECURITY_ECHO.SUCCESS'
  if (fault === 'unknown_type') return 'TRANSACTION.OTHER'
  return 'order' in event ? 'TRANSACTION.SUCCESS' : `REFUND.${event.refund.status}`
}
