/** WeChat Pay's callbacks: genuine ones, and those that a payments Worker has to refuse. */

import { isSignatureFault } from './faults'
import { MCHID, NOTIFY_URL, type PayKeys } from './keys'
import {
  type PayOrder,
  type PayRefund,
  toClaimedTransaction,
  toRefundNotice,
  toTransaction,
} from './orders'
import { SIGNATURE_FAULTS, sealResource, signHeaders } from './signatures'

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
export type Outcome = { readonly order: PayOrder } | { readonly refund: PayRefund }

const XML = '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>'

/** The callback of an outcome, as WeChat Pay sends it. */
export async function callbackRequest(
  outcome: Outcome,
  { keys, now, fault = null }: { keys: PayKeys; now: number; fault?: CallbackFault | null },
): Promise<Request> {
  const body = await toBody(outcome, { keys, fault })
  const signed = fault === 'xml' ? XML : body
  const signature = isSignatureFault(fault) ? fault : null
  const headers = await signHeaders(signed, { keys, now }, signature)
  return new Request(toNotifyUrl(outcome), {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0' },
    // The same JSON with other white space: whoever parses first and verifies later misses it.
    body: fault === 'touched' ? JSON.stringify(JSON.parse(body), null, 2) : signed,
  })
}

const toNotifyUrl = (outcome: Outcome) =>
  ('order' in outcome ? outcome.order : outcome.refund).notifyUrl || NOTIFY_URL

async function toBody(
  outcome: Outcome,
  { keys, fault }: { keys: PayKeys; fault: CallbackFault | null },
): Promise<string> {
  const isPayment = 'order' in outcome
  const fields = toNotice(outcome, fault)
  const ours = fault === 'foreign' ? { ...fields, mchid: `${MCHID}9` } : fields
  const apiV3Key = fault === 'wrong_key' ? 'x'.repeat(32) : keys.apiV3Key
  const resource = await sealResource(ours, isPayment ? 'transaction' : 'refund', apiV3Key)
  const type = isPayment ? 'TRANSACTION.SUCCESS' : `REFUND.${outcome.refund.status}`
  return JSON.stringify({
    id: crypto.randomUUID(),
    create_time: new Date().toISOString(),
    resource_type: 'encrypt-resource',
    event_type: toType(type, fault),
    summary: isPayment ? '支付成功' : '退款成功',
    resource: fault === 'algorithm' ? { ...resource, algorithm: 'AEAD_SM4_GCM' } : resource,
  })
}

function toNotice(outcome: Outcome, fault: CallbackFault | null) {
  if ('refund' in outcome) return toRefundNotice(outcome.refund)
  return fault ? toClaimedTransaction(outcome.order) : toTransaction(outcome.order)
}

function toType(type: string, fault: CallbackFault | null): string {
  if (fault === 'echo') return 'SECURITY_ECHO.SUCCESS'
  return fault === 'unknown_type' ? 'TRANSACTION.OTHER' : type
}
