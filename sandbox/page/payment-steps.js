/** The steps of a payment. steps.js says what a step is. */

import { payments } from './backend.js'
import { texts } from './language.js'
import { phone } from './phone.js'

/** An order of the sandbox's own: its events do not go to the developer's hooks. */
const createOutTradeNo = () => `sandbox-${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`

/** The order that was paid last, and has not been refunded. */
let paid = null

export const PAYMENT_STEPS = [
  {
    id: 'buy',
    async run({ done }) {
      const order = await placeOrder()
      if (!order.ok) return { responses: [order] }
      const { errMsg } = await pay(order)
      const payment = await payments.request('GET', `/payments/${order.outTradeNo}`)
      return { responses: [payment], done: isPaid(payment) ? done : errMsg }
    },
  },
  {
    id: 'lost',
    async run({ isLost, done }) {
      const order = await placeOrder()
      if (!order.ok) return { responses: [order] }
      const { errMsg } = await pay(order, { callback: false })
      phone.note('wechat', isLost)
      const payment = await payments.request('GET', `/payments/${order.outTradeNo}`)
      return { responses: [payment], done: isPaid(payment) ? done : errMsg }
    },
  },
  {
    id: 'refund',
    async run({ later, done }) {
      const order = paid ?? (await placeOrder())
      if (!order.ok) return { responses: [order] }
      if (order !== paid) await pay(order)
      paid = null
      const outRefundNo = `R-${order.outTradeNo}`
      const path = `/payments/${order.outTradeNo}/refunds`
      const { total } = texts.product
      const accepted = await payments.request('POST', path, { outRefundNo, refund: total, total })
      if (!accepted.ok) return { responses: [accepted] }
      phone.note('wechat', later)
      await phone.sandbox('finish-refund', { outRefundNo })
      const refund = await payments.request('GET', `/refunds/${outRefundNo}`)
      const isDone = refund.body?.status === 'SUCCESS'
      return { responses: [refund], done: isDone ? done : `${refund.body?.status}.` }
    },
  },
  {
    id: 'forged',
    async run({ attacker, done, believed }) {
      const order = await placeOrder()
      if (!order.ok) return { responses: [order] }
      phone.note('wechat', attacker)
      const forged = await callBack(order, 'forged')
      const payment = await payments.request('GET', `/payments/${order.outTradeNo}`)
      const isRefused = !forged.ok && !isPaid(payment)
      return { responses: [payment], done: isRefused ? done : believed }
    },
  },
  {
    id: 'probe',
    async run({ isProbe, genuine, done, believed }) {
      const order = await placeOrder()
      if (!order.ok) return { responses: [order] }
      await pay(order, { callback: false })
      phone.note('wechat', isProbe)
      const probe = await callBack(order, 'probe')
      phone.note('wechat', genuine)
      const callback = await callBack(order)
      return { responses: [], done: !probe.ok && callback.ok ? done : believed }
    },
  },
].map((step) => ({ ...step, first: 'both', needsLogin: true, isPayment: true }))

/** The backend places an order for the user of the token, and gives the response to the phone. */
async function placeOrder() {
  const { token = '' } = phone.stored
  const outTradeNo = createOutTradeNo()
  const order = { token, outTradeNo, ...texts.product }
  const response = await payments.request('POST', '/payments', order)
  if (response.ok) phone.note('all', texts.givesParameters)
  return { ...response, outTradeNo }
}

async function pay(order, options = {}) {
  const { body: parameters } = order
  const shown = { shown: parameters }
  const result = await phone.wx('wx.requestPayment', { ...parameters, ...options }, shown)
  if (result.errMsg === 'requestPayment:ok') paid = order
  return result
}

/** WeChat Pay, or somebody else, calls back. */
const callBack = ({ outTradeNo }, fault) => phone.sandbox('payment-callback', { outTradeNo, fault })

const isPaid = ({ body }) => body?.state === 'SUCCESS'
