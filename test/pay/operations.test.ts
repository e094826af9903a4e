/** Every code of WeChat Pay on every call of every operation: does the operation list its error? */

import { beforeEach, describe, expect, it } from 'vitest'
import { listErrorsOf } from '../../openapi/api'
import { PAY_API } from '../../openapi/pay/api'
import { OUT_REFUND_NO, OUT_TRADE_NO } from '../../openapi/pay/examples'
import { refusal } from '../../sandbox/pay/responses'
import { createPaymentApp } from '../../src/pay'
import { CODES } from '../../src/pay/codes'
import { ORDER, usePayApp } from '../support/pay-app'

const app = usePayApp()

/** What any call can come to, whatever WeChat Pay's code. */
const ANYWAY = ['pay_timeout', 'pay_unavailable', 'internal_error']

/** The order and the refund of the examples, which a query finds after a refusal that is final. */
async function start() {
  await app.send('POST', '/payments', { ...ORDER, outTradeNo: OUT_TRADE_NO })
  app.pay.pay(OUT_TRADE_NO)
  const refund = { outRefundNo: OUT_REFUND_NO, refund: 1, total: ORDER.total }
  await app.send('POST', `/payments/${OUT_TRADE_NO}/refunds`, refund)
}

/** The next call is refused with this code, and the order is as the code says. */
const refuseNext = (wechat: string) =>
  app.pay.next(() => {
    const order = app.pay.orders.find(OUT_TRADE_NO)
    if (order) order.state = wechat === 'ORDERCLOSED' ? 'CLOSED' : 'REFUND'
    return refusal(403, wechat, 'a text')
  })

describe('what WeChat Pay refuses', () => {
  beforeEach(start)

  it.each(PAY_API.operations.filter(({ calls }) => calls))(
    '$id lists the errors that the refusals of its call stand for, and no others',
    async (operation) => {
      const { method, body, parameters = [] } = operation
      const path = operation.path.replace(/\{\w+\}/, parameters[0]?.example ?? '')
      const placed = { ...ORDER, outTradeNo: OUT_TRADE_NO }
      const example = operation.id === 'createPayment' ? placed : body?.example
      const seen: unknown[] = []
      for (const { wechat } of CODES) {
        refuseNext(wechat)
        seen.push((await app.send(method.toUpperCase(), path, example)).answer.code)
      }
      const toCodes = (part: typeof operation) =>
        listErrorsOf(PAY_API, part).map(({ code }) => code)
      const { body: _, ...ofCalls } = { ...operation, caller: 'anyone', errors: [] } as const
      expect(toCodes(operation)).toEqual(expect.arrayContaining(seen))
      expect([...seen, ...ANYWAY]).toEqual(expect.arrayContaining(toCodes(ofCalls)))
    },
  )
})

describe('the routes of payments', () => {
  it('openapi-pay.json describes every route of the payments Worker, and no other', () => {
    const routes = createPaymentApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const described = PAY_API.operations.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(routes)).toEqual(new Set(described))
  })
})
