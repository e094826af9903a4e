/**
 * Refunds: request and query. A response means that a refund is accepted, not that it is done.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */

import * as v from 'valibot'
import { callWeChatPay, type PayContext, type PayRequest, unavailable } from './api'
import { callAndConfirm } from './confirmation'
import { omitAbsent, State, toUtc } from './orders'

/**
 * A refund to make. Amounts are whole fen.
 *
 * @example
 * const outRefundNo = 'R20261125000001'
 * const half: RefundRequest = { outTradeNo: 'T20261125000001', outRefundNo, refund: 50, total: 100 }
 */
export interface RefundRequest {
  readonly outTradeNo: string
  /** Repeats of one refund must have the same number: another one would refund twice. */
  readonly outRefundNo: string
  readonly refund: number
  /** Of the order. */
  readonly total: number
  /** The user sees it. */
  readonly reason?: string | undefined
}

/**
 * A refund as WeChat Pay knows it. Amounts are whole fen.
 *
 * @example
 * const isDone = ({ status }: Refund) => status === 'SUCCESS'
 */
export interface Refund {
  readonly outRefundNo: string
  readonly outTradeNo: string
  readonly refundId: string
  /** `PROCESSING`, then `SUCCESS`, `CLOSED` (not refunded) or `ABNORMAL` (see the console). */
  readonly status: string
  readonly refund: number
  readonly total: number
  readonly transactionId?: string
  /** What the payer gets, in fen. */
  readonly payerRefund?: number
  readonly currency?: string
  /** ISO 8601 in UTC. */
  readonly refundedAt?: string
}

/** @throws {Problem} what the OpenAPI document lists for `POST /payments/{outTradeNo}/refunds` */
export async function requestRefund(context: PayContext, request: RefundRequest): Promise<Refund> {
  const sent = refundRequest(request, context.config)
  const fields = await callAndConfirm(
    context,
    sent,
    async (signal) => (await queryRefund(context, request.outRefundNo, signal)).status,
  )
  return requireRefund(fields, { ...request, currency: CURRENCY, mchid: context.config.mchid })
}

/** @throws {Problem} what the OpenAPI document lists for `GET /refunds/{outRefundNo}` */
export async function queryRefund(
  context: PayContext,
  outRefundNo: string,
  signal?: AbortSignal,
): Promise<Refund> {
  const pathAndQuery = `${REFUNDS_PATH}/${encodeURIComponent(outRefundNo)}`
  const request = { call: 'refund_query', method: 'GET', pathAndQuery } as const
  const fields = await callWeChatPay(context, request, signal)
  return requireRefund(fields, { outRefundNo, mchid: context.config.mchid })
}

const CURRENCY = 'CNY'
const REFUNDS_PATH = '/v3/refund/domestic/refunds'

export function refundRequest(
  { outTradeNo, outRefundNo, refund, total, reason }: RefundRequest,
  { notifyUrl }: { notifyUrl: string },
): PayRequest {
  const body = {
    out_trade_no: outTradeNo,
    out_refund_no: outRefundNo,
    reason,
    // Without it, the callback comes as XML, if the console has a URL of its own.
    notify_url: notifyUrl,
    amount: { refund, total, currency: CURRENCY },
  }
  return { call: 'refund', method: 'POST', pathAndQuery: REFUNDS_PATH, body }
}

const Amount = v.object({
  refund: v.number(),
  total: v.number(),
  payer_refund: v.nullish(v.number()),
  currency: v.nullish(v.string()),
})

const RefundFields = v.object({
  out_refund_no: v.string(),
  out_trade_no: v.string(),
  refund_id: v.string(),
  transaction_id: v.nullish(v.string()),
  success_time: v.nullish(v.string()),
  amount: Amount,
})

/** WeChat Pay documents no mchid in this response. Some had `refund_status`, as a callback has. */
const RefundResponse = v.object({
  ...RefundFields.entries,
  mchid: v.nullish(v.string()),
  status: v.nullish(State),
  refund_status: v.nullish(State),
})

const Notice = v.object({ ...RefundFields.entries, mchid: v.string(), refund_status: State })

/** What a response has to be about: the number of a query, or the whole request for a refund. */
interface AskedRefund extends Partial<Omit<RefundRequest, 'reason'>> {
  readonly mchid: string
  readonly outRefundNo: string
  readonly currency?: string
}

/** A signed response to another request may have been replayed. */
function requireRefund(fields: unknown, asked: AskedRefund): Refund {
  const { success, output } = v.safeParse(RefundResponse, fields)
  const status = success && (output.status ?? output.refund_status)
  if (!status) throw unavailable('the response is not a refund')
  if (!isAbout(output, asked)) throw unavailable('a response is about another refund')
  return toRefund(output, status)
}

function isAbout(
  { mchid, out_refund_no, out_trade_no, amount }: v.InferOutput<typeof RefundResponse>,
  asked: AskedRefund,
): boolean {
  const { outTradeNo = out_trade_no, refund = amount.refund, total = amount.total } = asked
  const currency = amount.currency ?? asked.currency
  return (
    (mchid ?? asked.mchid) === asked.mchid &&
    out_refund_no === asked.outRefundNo &&
    out_trade_no === outTradeNo &&
    amount.refund === refund &&
    amount.total === total &&
    currency === (asked.currency ?? currency)
  )
}

/** The refund of a callback, with the mchid that it is about; `null` if the fields are not a refund. */
export function parseRefundNotice(fields: unknown): { mchid: string; refund: Refund } | null {
  const { success, output } = v.safeParse(Notice, fields)
  if (!success) return null
  return { mchid: output.mchid, refund: toRefund(output, output.refund_status) }
}

function toRefund(fields: v.InferOutput<typeof RefundFields>, status: string): Refund {
  const { amount } = fields
  return omitAbsent({
    outRefundNo: fields.out_refund_no,
    outTradeNo: fields.out_trade_no,
    refundId: fields.refund_id,
    status,
    refund: amount.refund,
    total: amount.total,
    transactionId: fields.transaction_id || undefined,
    payerRefund: amount.payer_refund,
    currency: amount.currency,
    refundedAt: toUtc(fields.success_time),
  })
}
