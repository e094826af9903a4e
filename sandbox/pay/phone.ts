/** The phone's side of a payment, and what makes WeChat Pay call back or fail. */

import { type Context, Hono } from 'hono'
import { type Fields, type FindUser, readFields } from '../phone-request'
import { CALLBACK_FAULTS, type CallbackFault, isCallbackFault, type PayEvent } from './callbacks'
import { isPayFault, type PayFaults } from './faults'
import type { Merchant } from './merchant'
import type { Orders, PayOrder } from './orders'
import type { PayRefund, Refunds } from './refunds'
import { isPaySign } from './signatures'

interface PhoneOptions {
  readonly merchant: () => Promise<Merchant>
  readonly orders: Orders
  readonly refunds: Refunds
  readonly faults: PayFaults
  readonly findUser: FindUser
  /** The settings of a payments Worker that is this merchant's. */
  readonly settings: () => Promise<Readonly<Record<string, string>>>
  /** Sends a callback. Returns the Worker's response. */
  readonly callBack: (event: PayEvent, fault?: CallbackFault) => Promise<Response>
}

const REFUND_ENDS: readonly PayRefund['status'][] = ['SUCCESS', 'ABNORMAL', 'CLOSED']

export function createPayPhone(options: PhoneOptions): Hono {
  const { orders, refunds, faults, settings, callBack } = options
  const phone = new Hono()

  /**
   * `{"timeStamp","nonceStr","package","signType","paySign"}`. The user pays, and WeChat Pay calls
   * back before the response. With `"cancel": true`, the user closes the dialog; with
   * `"callback": false`, the callback is lost.
   */
  phone.post('/wx.requestPayment', async (c) => {
    const fields = await readFields(c)
    const { order, failure } = await findOrderToPay(fields, options)
    if (!order) return fail(c, failure)
    if (fields.cancel === true) return fail(c, 'cancel')
    orders.pay(order)
    if (fields.callback !== false) await callBack({ order })
    return c.json({ errMsg: 'requestPayment:ok' })
  })

  /** The bank is done with a refund: `{"outRefundNo": "…", "status"?: "SUCCESS"}`. */
  phone.post('/finish-refund', async (c) => {
    const { outRefundNo, status = 'SUCCESS' } = await readFields(c)
    const refund = refunds.find(String(outRefundNo))
    const end = REFUND_ENDS.find((name) => name === status)
    if (!refund || !end) {
      return c.text(`Send {"outRefundNo": "…", "status": "${REFUND_ENDS.join('" | "')}"}.\n`, 400)
    }
    refunds.finish(refund, end)
    return callBack({ refund })
  })

  /** Sends a callback: `{"outTradeNo": "…"}` or `{"outRefundNo": "…"}`, and `"fault"` if wanted. */
  phone.post('/payment-callback', async (c) => {
    const { outTradeNo, outRefundNo, fault } = await readFields(c)
    const order = orders.find(String(outTradeNo))
    const refund = refunds.find(String(outRefundNo))
    const event = order ? { order } : refund && { refund }
    if (!event) return c.text('There is no such order or refund. Place it first.\n', 400)
    if (isCallbackFault(fault)) return callBack(event, fault)
    if (fault !== undefined) {
      return c.text(`Send {"fault": "${CALLBACK_FAULTS.join('" | "')}"}.\n`, 400)
    }
    const isOver = order ? order.success_time !== '' : refund?.status !== 'PROCESSING'
    return isOver
      ? callBack(event)
      : c.text('WeChat Pay does not call back before the payment, or the end of the refund.\n', 400)
  })

  /** The settings for a payments Worker in another process, as lines of .dev.vars. */
  phone.get('/payment-settings', async (c) => {
    const { origin } = new URL(c.req.url)
    const lines = Object.entries({ ...(await settings()), WECHAT_PAY_API_BASE: origin })
    return c.text(lines.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join(''))
  })

  /** Makes calls of WeChat Pay fail: `{"api": "/v3/…", "fault": "NOT_ENOUGH", "times"?: 1}`. */
  phone.post('/fail', async (c, next) => {
    const { api, fault, times = 1 } = await readFields(c)
    if (times === 0) faults.clear(String(api))
    const isOurs = String(api).startsWith('/v3/') && isPayFault(fault)
    if (!isOurs || typeof times !== 'number' || times === 0) return next()
    faults.add(String(api), fault, times)
    return c.body(null, 204)
  })

  phone.delete('/fail', (_, next) => {
    faults.clear()
    return next()
  })

  return phone
}

/** The order of these parameters, or why the dialog does not open. */
async function findOrderToPay(
  fields: Fields,
  { merchant, orders, findUser }: Pick<PhoneOptions, 'merchant' | 'orders' | 'findUser'>,
): Promise<{ order: PayOrder; failure?: never } | { order?: never; failure: string }> {
  const { appid, openid } = await findUser(fields)
  const { timeStamp, signType, package: prepay } = fields
  if (typeof timeStamp !== 'string') {
    return { failure: '(parameter.timeStamp should be String instead of Number)' }
  }
  const isSigned = signType === 'RSA' && (await isPaySign({ ...fields, appid }, await merchant()))
  if (!isSigned) return { failure: '(支付验证签名失败)' }
  const order = orders.findPrepaid(prepay)
  if (!order || order.state === 'CLOSED') return { failure: '(订单已失效)' }
  if (order.state !== 'NOTPAY') return { failure: '(该订单已支付)' }
  return order.openid === openid ? { order } : { failure: '(下单账号与支付账号不一致)' }
}

function fail(c: Context, reason: string): Response {
  return c.json({ errMsg: `requestPayment:fail ${reason}` })
}
