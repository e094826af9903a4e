/** The orders of the sandbox's WeChat Pay, in memory. */

import type { Fields } from '../phone-request'
import { ok, type PayResponse, refuse } from './responses'
import { isAmount, isText, keep, randomDigits, toChinaTime, toFields } from './values'

export interface PayOrder {
  /** The body that placed it: the same number with another body is refused. */
  readonly body: string
  readonly mchid: string
  readonly appid: string
  readonly openid: string
  readonly out_trade_no: string
  readonly attach: string
  /** In fen. */
  readonly total: number
  /** Unix seconds. */
  readonly expiresAt: number
  readonly notifyUrl: string
  transaction_id: string
  /** What the user pays of the total. */
  payer_total: number
  /** RFC 3339; empty before the payment. */
  success_time: string
  state: 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'REFUND'
}

export interface OrdersOptions {
  readonly mchid: string
  /** Whether this mini program is bound to the merchant. */
  readonly isBound: (appid: string) => boolean
  /** Unix time in whole seconds. */
  readonly now: () => number
}

export type Orders = ReturnType<typeof createOrders>

const DAY_SECONDS = 24 * 3600
const PREPAY_SECONDS = 2 * 3600

export function createOrders({ mchid, isBound, now }: OrdersOptions) {
  const orders = new Map<string, PayOrder>()
  const prepays = new Map<string, { order: PayOrder; createdAt: number }>()

  function place(fields: Fields, body: string): PayResponse {
    if (fields.mchid !== mchid) return refuse('MCH_NOT_EXISTS')
    if (!isBound(String(fields.appid))) return refuse('APPID_MCHID_NOT_MATCH')
    const wrong = findWrongField(fields)
    if (wrong) return refuse('PARAM_ERROR', wrong)
    const placed = toOrder(fields, body, now())
    const known = find(placed.out_trade_no)
    if (known?.state === 'CLOSED') return refuse('ORDER_CLOSED')
    if (known && known.state !== 'NOTPAY') return refuse('ORDERPAID')
    if (known && known.body !== body) return refuse('OUT_TRADE_NO_USED')
    const order = known ?? placed
    keep(orders, order.out_trade_no, order)
    const prepay_id = `wx${randomDigits(34)}`
    keep(prepays, prepay_id, { order, createdAt: now() })
    return ok({ prepay_id })
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

  /** @param coupon What a coupon pays, in fen */
  function pay(order: PayOrder, coupon = 0): void {
    order.state = 'SUCCESS'
    order.transaction_id = `4200${randomDigits(24)}`
    order.payer_total = order.total - coupon
    order.success_time = toChinaTime(now())
  }

  function query(out_trade_no: string, queried: unknown): PayResponse {
    if (queried !== mchid) return refuse('PARAM_ERROR', '/query/mchid')
    const order = find(out_trade_no)
    return order ? ok(toTransaction(order)) : refuse('ORDER_NOT_EXIST')
  }

  function close(out_trade_no: string, fields: Fields): PayResponse {
    if (fields.mchid !== mchid) return refuse('PARAM_ERROR', '/body/mchid')
    const order = find(out_trade_no)
    if (!order) return refuse('ORDER_NOT_EXIST')
    if (isPaid(order)) return refuse('ORDERPAID')
    order.state = 'CLOSED'
    return { status: 204, body: '' }
  }

  return { place, find, findPrepaid, pay, query, close }
}

export function isPaid({ state }: PayOrder): boolean {
  return state === 'SUCCESS' || state === 'REFUND'
}

/** A transaction, as a query and a callback have it. */
export function toTransaction(order: PayOrder): Fields {
  const { appid, mchid, out_trade_no, attach, state, total, success_time } = order
  return {
    appid,
    mchid,
    out_trade_no,
    ...(attach !== '' && { attach }),
    trade_type: 'JSAPI',
    trade_state: state,
    trade_state_desc: STATE_TEXTS[state],
    // Who has paid is not known before.
    ...(success_time === '' ? { amount: { total, currency: 'CNY' } } : toPaymentFields(order)),
  }
}

/** The transaction that somebody claims who wants an unpaid order delivered. */
export function toClaimedTransaction(order: PayOrder): Fields {
  const success_time = order.success_time || toChinaTime(order.expiresAt)
  return toTransaction({ ...order, state: 'SUCCESS', success_time })
}

const STATE_TEXTS = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  CLOSED: '订单已关闭',
  REFUND: '转入退款',
}

function toPaymentFields(order: PayOrder): Fields {
  const { transaction_id, success_time, openid, total, payer_total } = order
  return {
    transaction_id,
    bank_type: 'OTHERS',
    success_time,
    payer: { openid },
    amount: { total, payer_total, currency: 'CNY', payer_currency: 'CNY' },
  }
}

/** The JSON pointer of a field that an order lacks, or `null`. */
function findWrongField({ description, out_trade_no, payer, amount }: Fields): string | null {
  if (!isText(description)) return '/body/description'
  if (!isText(out_trade_no)) return '/body/out_trade_no'
  if (!isText(toFields(payer).openid)) return '/body/payer/openid'
  return isAmount(toFields(amount).total) ? null : '/body/amount/total'
}

/** @param now Unix seconds */
function toOrder(fields: Fields, body: string, now: number): PayOrder {
  const total = Number(toFields(fields.amount).total)
  return {
    body,
    mchid: String(fields.mchid),
    appid: String(fields.appid),
    openid: String(toFields(fields.payer).openid),
    out_trade_no: String(fields.out_trade_no),
    attach: String(fields.attach ?? ''),
    total,
    expiresAt: Date.parse(String(fields.time_expire)) / 1000 || now + 7 * DAY_SECONDS,
    notifyUrl: String(fields.notify_url ?? ''),
    transaction_id: '',
    payer_total: total,
    success_time: '',
    state: 'NOTPAY',
  }
}
