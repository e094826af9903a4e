/** The refunds of the sandbox's WeChat Pay, in memory. */

import type { Fields } from '../phone-request'
import { isPaid, type Orders, type PayOrder } from './orders'
import { ok, type PayResponse, refuse } from './responses'
import { isAmount, isText, keep, randomDigits, toChinaTime, toFields } from './values'

export interface PayRefund {
  /** The body that asked for it: the same number with another body is refused. */
  readonly body: string
  readonly order: PayOrder
  readonly out_refund_no: string
  readonly refund_id: string
  /** In fen. */
  readonly refund: number
  readonly notifyUrl: string
  /** RFC 3339. */
  readonly create_time: string
  /** RFC 3339; empty before the refund. */
  success_time: string
  status: 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
}

export interface RefundsOptions {
  readonly orders: Orders
  /** Unix time in whole seconds. */
  readonly now: () => number
}

export type Refunds = ReturnType<typeof createRefunds>

export function createRefunds({ orders, now }: RefundsOptions) {
  const refunds = new Map<string, PayRefund>()

  function request(fields: Fields, body: string): PayResponse {
    const { out_trade_no, out_refund_no, notify_url } = fields
    const { refund, total } = toFields(fields.amount)
    if (!isText(out_refund_no)) return refuse('PARAM_ERROR', '/body/out_refund_no')
    const known = refunds.get(out_refund_no)
    if (known) return known.body === body ? query(out_refund_no) : refuse('REPEATED_NUMBER')
    const order = orders.find(String(out_trade_no))
    if (!order) return refuse('RESOURCE_NOT_EXISTS')
    if (!isPaid(order)) return refuse('TRADE_ERROR')
    if (total !== order.total) return refuse('REFUND_FEE_MISMATCH')
    if (!isAmount(refund)) return refuse('PARAM_ERROR', '/body/amount/refund')
    if (toRefunded(order) + refund > order.total) return refuse('REFUND_FEE_MISMATCH')
    order.state = 'REFUND'
    keep(refunds, out_refund_no, {
      body,
      order,
      out_refund_no,
      refund_id: `5030${randomDigits(24)}`,
      refund,
      notifyUrl: String(notify_url ?? ''),
      create_time: toChinaTime(now()),
      success_time: '',
      status: 'PROCESSING',
    })
    return query(out_refund_no)
  }

  /** What is refunded of an order, or is about to be. */
  function toRefunded(order: PayOrder): number {
    return [...refunds.values()]
      .filter((refund) => refund.order === order && refund.status !== 'CLOSED')
      .reduce((sum, { refund }) => sum + refund, 0)
  }

  function query(out_refund_no: string): PayResponse {
    const refund = refunds.get(out_refund_no)
    return refund ? ok(toRefundFields(refund)) : refuse('RESOURCE_NOT_EXISTS')
  }

  function finish(refund: PayRefund, status: PayRefund['status']): void {
    refund.status = status
    if (status === 'SUCCESS') refund.success_time = toChinaTime(now())
  }

  return {
    request,
    query,
    finish,
    /** The refund with this number, or `null`. */
    find: (out_refund_no: string) => refunds.get(out_refund_no) ?? null,
  }
}

/** A refund, as a callback has it. */
export function toRefundEvent(refund: PayRefund): Fields {
  const { mchid } = refund.order
  return { ...toCommonFields(refund), mchid, refund_status: refund.status }
}

/** A refund, as a response has it. */
function toRefundFields(refund: PayRefund): Fields {
  const { status, create_time } = refund
  const { amount, ...fields } = toCommonFields(refund)
  return {
    ...fields,
    channel: 'ORIGINAL',
    create_time,
    status,
    amount: { ...amount, currency: 'CNY' },
  }
}

function toCommonFields({ order, out_refund_no, refund_id, refund, success_time }: PayRefund) {
  const { out_trade_no, transaction_id, total, payer_total } = order
  return {
    refund_id,
    out_refund_no,
    transaction_id,
    out_trade_no,
    user_received_account: '支付用户零钱',
    ...(success_time !== '' && { success_time }),
    amount: { total, refund, payer_total, payer_refund: refund },
  }
}
