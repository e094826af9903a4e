/** The sandbox's WeChat Pay for tests, which see every request, and can tamper with a response. */

import { createPayApi } from '../../sandbox/pay/api'
import { callbackBody } from '../../sandbox/pay/callbacks'
import { createPayFaults, type Tamper } from '../../sandbox/pay/faults'
import { createOrders, type PayOrder, toTransaction } from '../../sandbox/pay/orders'
import { createRefunds, type PayRefund, toRefundEvent } from '../../sandbox/pay/refunds'
import { type Forgery, signHeaders } from '../../sandbox/pay/signatures'
import { API_V3_KEY, importMerchant, MCHID } from './wechat-pay'
import { findViolation, readRequest, type SeenRequest } from './wechat-pay-requests'

/** What a coupon pays of each order, in fen. */
const COUPON = 1

export type WeChatPay = ReturnType<typeof createWeChatPay>

export function createWeChatPay({ now }: { now: () => number }) {
  const requests: SeenRequest[] = []
  const violations: string[] = []
  const merchant = importMerchant()
  const orders = createOrders({ mchid: MCHID, isBound: () => true, now })
  const refunds = createRefunds({ orders, now })
  const faults = createPayFaults()
  const api = createPayApi({ now, merchant: () => merchant, orders, refunds, faults })
  // An exception is a connection that fails, and no response.
  api.onError((error) => {
    throw error
  })

  async function fetch(request: Request): Promise<Response> {
    const seen = await readRequest(request.clone())
    requests.push(seen)
    const violation = await findViolation(seen, now())
    if (violation) violations.push(violation)
    return api.fetch(request)
  }

  return {
    fetch,
    /** All requests, in the order of their arrival. */
    requests,
    /** What is wrong with them. */
    violations,
    orders,
    refunds,
    /** Tampers with the response to the next request. */
    next: (tamper: Tamper) => faults.add('/v3', tamper, 1),
    /** The next request fails, and has no effect. */
    failNext: () => faults.add('/v3', 'SYSTEM_ERROR', 1),
    /** The fields of an order, as a query and a callback have them. */
    toTransaction: (number: string) => toTransaction(found(orders.find(number))),
    /** Pays an order: the fields of its callback. */
    pay(number: string) {
      const order: PayOrder = found(orders.find(number))
      orders.pay(order, COUPON)
      return toTransaction(order)
    },
    /** Ends a refund: the fields of its callback. */
    finishRefund(number: string, status: PayRefund['status'] = 'SUCCESS') {
      const refund: PayRefund = found(refunds.find(number))
      refunds.finish(refund, status)
      return toRefundEvent(refund)
    },
  }
}

function found<Value>(value: Value | null): Value {
  if (value === null) throw new Error('no such order or refund')
  return value
}

/** The headers with which WeChat Pay signs a body. */
export async function sign(body: string, now: number, forgery?: Forgery) {
  return signHeaders(body, { merchant: await importMerchant(), now }, forgery)
}

export interface CallbackOptions extends Forgery {
  readonly apiV3Key?: string
  readonly algorithm?: string
  /** Replaces the body after it was made, and before it is signed. */
  readonly body?: string
}

/** A callback: its signed headers and its body. */
export async function createCallback(
  type: string,
  fields: object | string,
  now: number,
  { apiV3Key = API_V3_KEY, algorithm, body, ...forgery }: CallbackOptions = {},
) {
  const keyed = { apiV3Key, ...(algorithm && { algorithm }) }
  const sent = body ?? (await callbackBody(type, fields, keyed))
  return { headers: await sign(sent, now, forgery), body: sent }
}
