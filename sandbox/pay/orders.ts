/** The orders and refunds of the sandbox's WeChat Pay, in memory. */

import { isObject } from '../../src/lib/encoding'
import type { Fields } from '../phone-request'
import { MCHID } from './keys'
import { type PayAnswer, refuse } from './refusals'

export interface PayOrder {
  /** The body that placed it: the same number with another body is refused. */
  readonly body: string
  readonly appid: string
  readonly openid: string
  readonly out_trade_no: string
  readonly attach: string
  readonly total: number
  /** Unix seconds. */
  readonly expiresAt: number
  readonly notifyUrl: string
  transaction_id: string
  /** RFC 3339; empty before the payment. */
  success_time: string
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'REFUND'
}

export interface PayRefund {
  readonly body: string
  readonly order: PayOrder
  readonly out_refund_no: string
  readonly refund_id: string
  readonly refund: number
  readonly notifyUrl: string
  readonly create_time: string
  success_time: string
  status: 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'
}

export type Orders = ReturnType<typeof createOrders>

const DAY_SECONDS = 24 * 3600
const PREPAY_SECONDS = 2 * 3600
/** The oldest are dropped beyond this number, to bound the memory. */
const MAX_ENTRIES = 10_000

export function createOrders({ appids, now }: { appids: readonly string[]; now: () => number }) {
  const orders = new Map<string, PayOrder>()
  const refunds = new Map<string, PayRefund>()
  const prepays = new Map<string, { order: PayOrder; createdAt: number }>()

  function place(fields: Fields, body: string): PayAnswer {
    const { appid, description, out_trade_no, attach = '', time_expire, notify_url } = fields
    const { total } = toFields(fields.amount)
    const { openid } = toFields(fields.payer)
    if (fields.mchid !== MCHID) return refuse('MCH_NOT_EXISTS')
    if (!appids.includes(String(appid))) return refuse('APPID_MCHID_NOT_MATCH')
    if (!isText(description)) return refuse('PARAM_ERROR', { field: '/body/description' })
    if (!isText(out_trade_no)) return refuse('PARAM_ERROR', { field: '/body/out_trade_no' })
    if (!isText(openid)) return refuse('PARAM_ERROR', { field: '/body/payer/openid' })
    if (!isAmount(total)) return refuse('PARAM_ERROR', { field: '/body/amount/total' })
    const known = find(out_trade_no)
    if (known?.state === 'CLOSED') return refuse('ORDER_CLOSED')
    if (known && known.state !== 'NOTPAY') return refuse('ORDERPAID')
    if (known && known.body !== body) return refuse('OUT_TRADE_NO_USED')
    const expiresAt = Date.parse(String(time_expire)) / 1000 || now() + 7 * DAY_SECONDS
    const order = known ?? {
      ...{ body, appid: String(appid), openid, out_trade_no, attach: String(attach), total },
      ...{ expiresAt, notifyUrl: String(notify_url), transaction_id: '', success_time: '' },
      state: 'NOTPAY' as const,
    }
    keep(orders, out_trade_no, order)
    const prepay_id = `wx${randomDigits(34)}`
    keep(prepays, prepay_id, { order, createdAt: now() })
    return { status: 200, fields: { prepay_id } }
  }

  /** The order with this number, or `null`. One that nobody has paid in time is closed. */
  function find(out_trade_no: string): PayOrder | null {
    const order = orders.get(out_trade_no)
    if (order?.state === 'NOTPAY' && now() >= order.expiresAt) order.state = 'CLOSED'
    return order ?? null
  }

  /** The order of `package`, while it can be paid with it; otherwise `null`. */
  function findPrepaid(prepay: unknown): PayOrder | null {
    const found = prepays.get(String(prepay).replace('prepay_id=', ''))
    if (!found || now() - found.createdAt > PREPAY_SECONDS) return null
    return find(found.order.out_trade_no)
  }

  function pay(order: PayOrder): void {
    order.state = 'SUCCESS'
    order.transaction_id = `4200${randomDigits(24)}`
    order.success_time = toChinaTime(now())
  }

  function query(out_trade_no: string, mchid: unknown): PayAnswer {
    if (mchid !== MCHID) return refuse('PARAM_ERROR', { field: '/query/mchid' })
    const order = find(out_trade_no)
    return order ? { status: 200, fields: toTransaction(order) } : refuse('ORDER_NOT_EXIST')
  }

  function close(out_trade_no: string, { mchid }: Fields): PayAnswer {
    if (mchid !== MCHID) return refuse('PARAM_ERROR', { field: '/body/mchid' })
    const order = find(out_trade_no)
    if (!order) return refuse('ORDER_NOT_EXIST')
    if (order.state === 'SUCCESS' || order.state === 'REFUND') return refuse('ORDERPAID')
    order.state = 'CLOSED'
    return { status: 204, fields: null }
  }

  function requestRefund(fields: Fields, body: string): PayAnswer {
    const { out_trade_no, out_refund_no, notify_url } = fields
    const { refund, total } = toFields(fields.amount)
    if (!isText(out_refund_no)) return refuse('PARAM_ERROR', { field: '/body/out_refund_no' })
    const known = refunds.get(out_refund_no)
    if (known) return known.body === body ? queryRefund(out_refund_no) : refuse('REPEATED_NUMBER')
    const order = find(String(out_trade_no))
    if (!order) return refuse('RESOURCE_NOT_EXISTS')
    if (order.state !== 'SUCCESS' && order.state !== 'REFUND') return refuse('TRADE_ERROR')
    if (total !== order.total) return refuse('REFUND_FEE_MISMATCH')
    if (!isAmount(refund)) return refuse('PARAM_ERROR', { field: '/body/amount/refund' })
    const refunded = listRefunds(order).reduce((sum, other) => sum + other.refund, 0)
    if (refunded + refund > order.total) return refuse('REFUND_FEE_MISMATCH')
    order.state = 'REFUND'
    keep(refunds, out_refund_no, {
      ...{ body, order, out_refund_no, refund_id: `5030${randomDigits(24)}`, refund },
      ...{ notifyUrl: String(notify_url), create_time: toChinaTime(now()), success_time: '' },
      status: 'PROCESSING',
    })
    return queryRefund(out_refund_no)
  }

  function listRefunds(order: PayOrder): PayRefund[] {
    const ofOrder = [...refunds.values()].filter((refund) => refund.order === order)
    return ofOrder.filter(({ status }) => status !== 'CLOSED')
  }

  function queryRefund(out_refund_no: string): PayAnswer {
    const refund = refunds.get(out_refund_no)
    return refund ? { status: 200, fields: toRefundFields(refund) } : refuse('RESOURCE_NOT_EXISTS')
  }

  function finishRefund(refund: PayRefund, status: PayRefund['status']): void {
    refund.status = status
    if (status === 'SUCCESS') refund.success_time = toChinaTime(now())
  }

  return {
    place,
    find,
    findPrepaid,
    pay,
    query,
    close,
    requestRefund,
    queryRefund,
    finishRefund,
    findRefund: (out_refund_no: string) => refunds.get(out_refund_no) ?? null,
  }
}

/** A transaction, as a query and a callback have it. */
export function toTransaction(order: PayOrder): Fields {
  const { appid, out_trade_no, openid, attach, total, transaction_id, success_time } = order
  return {
    ...{ appid, mchid: MCHID, out_trade_no, trade_state: order.state },
    ...(attach !== '' && { attach }),
    ...{ trade_type: 'JSAPI', trade_state_desc: TEXTS[order.state] },
    // Who has paid is not known before.
    ...(success_time === ''
      ? { amount: { total, currency: 'CNY' } }
      : {
          ...{ transaction_id, bank_type: 'OTHERS', success_time, payer: { openid } },
          amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
        }),
  }
}

/** The transaction that somebody claims who wants an unpaid order delivered. */
export function toClaimedTransaction(order: PayOrder): Fields {
  const success_time = order.success_time || toChinaTime(order.expiresAt)
  return toTransaction({ ...order, state: 'SUCCESS', success_time })
}

const TEXTS = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  CLOSED: '订单已关闭',
  REFUND: '转入退款',
}

/** A refund, as an answer has it. */
function toRefundFields(refund: PayRefund): Fields {
  const { status, create_time } = refund
  const { amount, ...fields } = toCommonFields(refund)
  return {
    ...{ ...fields, channel: 'ORIGINAL', create_time, status },
    amount: { ...amount, currency: 'CNY' },
  }
}

/** A refund, as a callback has it. */
export function toRefundNotice(refund: PayRefund): Fields {
  return { ...toCommonFields(refund), mchid: MCHID, refund_status: refund.status }
}

function toCommonFields({ order, out_refund_no, refund_id, refund, success_time }: PayRefund) {
  const { out_trade_no, transaction_id, total } = order
  return {
    ...{ refund_id, out_refund_no, transaction_id, out_trade_no },
    ...{ user_received_account: '支付用户零钱', ...(success_time !== '' && { success_time }) },
    amount: { total, refund, payer_total: total, payer_refund: refund },
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value)
  const oldest = map.keys().next().value
  if (map.size > MAX_ENTRIES && oldest !== undefined) map.delete(oldest)
}

function toFields(value: unknown): Fields {
  return isObject(value) ? value : {}
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isAmount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0

/** RFC 3339 in China's time, as WeChat Pay writes it. */
function toChinaTime(seconds: number): string {
  return `${new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 19)}+08:00`
}

function randomDigits(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return Array.from(bytes, (byte) => byte % 10).join('')
}
