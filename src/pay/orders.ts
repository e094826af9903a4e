/**
 * Orders: prepay, query, close.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791897 (prepay)
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791899 (query)
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791901 (close)
 */

import * as v from 'valibot'
import {
  callWeChatPay,
  createNonce,
  type PayContext,
  type PayFields,
  type PayRequest,
  unavailable,
} from './api'
import { callAndConfirm } from './confirmation'
import { type PaymentParameters, toPaymentParameters } from './signature'

/**
 * An order of a user. Amounts are whole fen.
 *
 * @example
 * const order: Omit<Order, 'appid' | 'openid'> = {
 *   outTradeNo: 'T20261125000001',
 *   description: 'A cup of tea',
 *   total: 100,
 * }
 */
export interface Order {
  readonly appid: string
  readonly openid: string
  readonly outTradeNo: string
  readonly description: string
  readonly total: number
  /** Comes back in queries and callbacks. */
  readonly attach?: string | undefined
  /** Unix seconds. */
  readonly expiresAt?: number | undefined
  readonly goodsTag?: string | undefined
}

/**
 * An order as WeChat Pay knows it. One that has been paid has all fields, except `attach` where the
 * order had none. Before the payment, `transactionId` and `paidAt` are absent, and `openid`, `total`,
 * `payerTotal` and `currency` are there only where WeChat Pay's response has them.
 *
 * @example
 * const isPaid = ({ state }: Payment) => state === 'SUCCESS' || state === 'REFUND'
 */
export interface Payment {
  readonly outTradeNo: string
  /** `SUCCESS`, `REFUND` (also in part), `NOTPAY`, `CLOSED`. */
  readonly state: string
  readonly appid: string
  readonly openid?: string
  /** Of the order, in fen. */
  readonly total?: number
  /** What the payer has paid, in fen: the total without coupons. */
  readonly payerTotal?: number
  readonly currency?: string
  readonly transactionId?: string
  /** ISO 8601 in UTC. */
  readonly paidAt?: string
  readonly attach?: string
}

/**
 * Places an order. The same order with the same fields may be placed again until it is paid.
 *
 * @returns the argument of `wx.requestPayment`
 * @throws {Problem} what the OpenAPI document lists for `POST /payments`
 */
export async function placeOrder(context: PayContext, order: Order): Promise<PaymentParameters> {
  const { config, runtime } = context
  const fields = await callAndConfirm(context, prepayRequest(order, config), (signal) =>
    queryOrderState(context, order.outTradeNo, signal),
  )
  const prepay = {
    appid: order.appid,
    prepayId: processPrepayResponse(fields),
    timestamp: runtime.now(),
    nonce: createNonce(),
  }
  return toPaymentParameters(prepay, config.privateKey)
}

export function prepayRequest(
  order: Order,
  { mchid, notifyUrl }: { mchid: string; notifyUrl: string },
): PayRequest {
  const { appid, openid, outTradeNo, description, total, attach, expiresAt, goodsTag } = order
  const body = {
    appid,
    mchid,
    description,
    out_trade_no: outTradeNo,
    time_expire: expiresAt && toChinaTime(expiresAt),
    attach,
    notify_url: notifyUrl,
    goods_tag: goodsTag,
    amount: { total, currency: 'CNY' },
    payer: { openid },
  }
  return { call: 'prepay', method: 'POST', pathAndQuery: '/v3/pay/transactions/jsapi', body }
}

function processPrepayResponse({ prepay_id }: PayFields): string {
  if (typeof prepay_id !== 'string' || prepay_id === '') throw unavailable('prepay_id is missing')
  return prepay_id
}

/** One form for one time, so that an order that is placed again has the same fields. */
function toChinaTime(seconds: number): string {
  const local = new Date((seconds + 8 * 3600) * 1000).toISOString()
  return `${local.slice(0, 19)}+08:00`
}

/** @throws {Problem} what the OpenAPI document lists for `GET /payments/{outTradeNo}` */
export async function queryOrder(
  context: PayContext,
  outTradeNo: string,
  signal?: AbortSignal,
): Promise<Payment> {
  const { mchid } = context.config
  const pathAndQuery = `${orderPath(outTradeNo)}?mchid=${mchid}`
  const request = { call: 'query', method: 'GET', pathAndQuery } as const
  const fields = await callWeChatPay(context, request, signal)
  const transaction = parseTransaction(fields)
  if (!transaction || !isAbout(transaction, mchid, outTradeNo)) {
    throw unavailable('a response is about another order')
  }
  return toPayment(transaction)
}

async function queryOrderState(
  context: PayContext,
  outTradeNo: string,
  signal: AbortSignal,
): Promise<string> {
  return (await queryOrder(context, outTradeNo, signal)).state
}

/** @throws {Problem} what the OpenAPI document lists for `POST /payments/{outTradeNo}/close` */
export async function closeOrder(context: PayContext, outTradeNo: string): Promise<void> {
  const { mchid } = context.config
  const pathAndQuery = `${orderPath(outTradeNo)}/close`
  const request = { call: 'close', method: 'POST', pathAndQuery, body: { mchid } } as const
  await callAndConfirm(context, request, (signal) => queryOrderState(context, outTradeNo, signal))
}

function orderPath(outTradeNo: string): string {
  return `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}`
}

/** The state of an order or of a refund. WeChat Pay may have more of them than it documents. */
export const State = v.pipe(v.string(), v.regex(/^[A-Z_]{1,32}$/))

/** A field that is absent can also be `null`. */
const Transaction = v.object({
  mchid: v.string(),
  appid: v.string(),
  out_trade_no: v.string(),
  trade_state: State,
  transaction_id: v.nullish(v.string()),
  success_time: v.nullish(v.string()),
  attach: v.nullish(v.string()),
  payer: v.nullish(v.object({ openid: v.nullish(v.string()) })),
  amount: v.nullish(
    v.object({
      total: v.nullish(v.number()),
      payer_total: v.nullish(v.number()),
      currency: v.nullish(v.string()),
    }),
  ),
})

export type Transaction = v.InferOutput<typeof Transaction>

/** A transaction of a response or a callback; `null` if the fields are not a transaction. */
export function parseTransaction(fields: unknown): Transaction | null {
  const { success, output } = v.safeParse(Transaction, fields)
  return success ? output : null
}

/** A signed response to another request may have been replayed. */
function isAbout(transaction: Transaction, mchid: string, outTradeNo: string): boolean {
  return transaction.mchid === mchid && transaction.out_trade_no === outTradeNo
}

export function toPayment(transaction: Transaction): Payment {
  const { amount, payer } = transaction
  return omitAbsent({
    outTradeNo: transaction.out_trade_no,
    state: transaction.trade_state,
    appid: transaction.appid,
    openid: payer?.openid || undefined,
    total: amount?.total,
    payerTotal: amount?.payer_total,
    currency: amount?.currency,
    transactionId: transaction.transaction_id || undefined,
    paidAt: toUtc(transaction.success_time),
    attach: transaction.attach || undefined,
  })
}

type Present<Fields> = { [Name in keyof Fields]: NonNullable<Fields[Name]> }

/** These fields without those that are `undefined` or `null`. */
export function omitAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  const present = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return Object.fromEntries(present) as Present<Fields>
}

/** WeChat Pay's RFC 3339 as ISO 8601 in UTC. */
export function toUtc(time: string | null | undefined): string | undefined {
  const date = new Date(time ?? '')
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
