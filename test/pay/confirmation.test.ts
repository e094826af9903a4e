/** Refusals that are final count only if a signed response to a query about this number agrees. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Tamper } from '../../sandbox/pay/faults'
import { ok, type PayResponse, refusal } from '../../sandbox/pay/responses'
import { NUMBER, ORDER, type PayReply, usePayApp } from '../support/pay-app'

const app = usePayApp()

const REFUND = { outRefundNo: 'R00001', refund: 40, total: 100 }
const CALLS: Readonly<Record<string, () => Promise<PayReply>>> = {
  prepay: () => app.send('POST', '/payments', ORDER),
  close: () => app.send('POST', `/payments/${NUMBER}/close`),
  refund: () => app.send('POST', `/payments/${NUMBER}/refunds`, REFUND),
}
const make = (call: string) => CALLS[call]?.() ?? Promise.reject(new Error(call))

type State = 'NOTPAY' | 'SUCCESS' | 'CLOSED' | 'REFUND'

/** Brings the order into this state. */
function settle(state: State): void {
  const order = app.pay.orders.find(NUMBER)
  if (!order) throw new Error('no order')
  if (state === 'SUCCESS' || state === 'REFUND') app.pay.orders.pay(order)
  order.state = state
}

/** The next call gets this code, unsigned, and a query after it finds the order in this state. */
const refuseNext = (code: string, state: State, status = 400) =>
  app.pay.next(() => {
    settle(state)
    return refusal(status, code, '')
  })

const readReason = () => JSON.parse(app.log.at(-1) ?? '{}').reason

beforeEach(async () => {
  await make('prepay')
  app.pay.requests.length = 0
})

describe('final refusals', () => {
  it.each<[call: string, wechat: string, status: number, state: State, code: string]>([
    ['prepay', 'ORDER_CLOSED', 400, 'CLOSED', 'order_closed'],
    ['prepay', 'ORDERPAID', 400, 'SUCCESS', 'order_paid'],
    ['prepay', 'ORDER_PAID', 403, 'REFUND', 'order_paid'],
    ['prepay', 'OUT_TRADE_NO_USED', 403, 'NOTPAY', 'order_exists'],
    ['prepay', 'OUTTRADENOUSED', 403, 'CLOSED', 'order_exists'],
    ['close', 'ORDERCLOSED', 400, 'CLOSED', 'order_closed'],
    ['close', 'ORDER_PAID', 400, 'SUCCESS', 'order_paid'],
  ])(
    'a refusal of a %s with %s and status %i counts where a query says that the order is %s',
    async (...row) => {
      const [call, wechat, status, state, code] = row
      refuseNext(wechat, state, status)
      expect(await make(call)).toMatchObject({ status: 409, answer: { code } })
      expect(app.pay.requests.map(({ method }) => method)).toEqual(['POST', 'GET'])
      expect(readReason()).toBe(`HTTP status ${status}, ${wechat}`)
    },
  )

  it.each<[call: string, wechat: string, state: State]>([
    ['prepay', 'ORDER_CLOSED', 'NOTPAY'],
    ['prepay', 'ORDER_CLOSED', 'SUCCESS'],
    ['prepay', 'ORDER_PAID', 'NOTPAY'],
    ['prepay', 'ORDER_PAID', 'CLOSED'],
    ['close', 'ORDER_CLOSED', 'REFUND'],
    ['close', 'ORDER_PAID', 'NOTPAY'],
  ])(
    'a refusal of a %s with %s does not count where a query says that the order is %s',
    async (...row) => {
      const [call, wechat, state] = row
      refuseNext(wechat, state)
      const { status, answer } = await make(call)
      expect([status, answer.code, answer.action]).toEqual([502, 'pay_unavailable', 'retry_later'])
      expect(readReason()).toBe(`HTTP status 400, ${wechat}, not confirmed: a query says ${state}`)
    },
  )

  const about = (fields: object) => ok({ ...app.pay.toTransaction(NUMBER), ...fields })
  it.each<[name: string, tamper: Tamper, why: string]>([
    [
      'unsigned',
      (response) => ({ ...response, forgery: null }),
      "a response is not WeChat Pay's: missing",
    ],
    [
      'stale',
      (response) => ({ ...response, forgery: { timestamp: app.clock.now - 301 } }),
      "a response is not WeChat Pay's: timestamp",
    ],
    [
      'about another order',
      () => about({ out_trade_no: 'A00002' }),
      'a response is about another order',
    ],
    [
      'about another merchant',
      () => about({ mchid: '1900000001' }),
      'a response is about another order',
    ],
    [
      'that there is no such order',
      () => refusal(404, 'ORDER_NOT_EXIST', ''),
      'HTTP status 404, ORDER_NOT_EXIST',
    ],
    [
      'the same refusal once more',
      () => refusal(400, 'ORDER_CLOSED', ''),
      'HTTP status 400, ORDER_CLOSED',
    ],
  ])(
    'an ORDER_CLOSED does not count where the answer to the query is %s',
    async (_, tamper, why) => {
      refuseNext('ORDER_CLOSED', 'CLOSED')
      app.pay.next(tamper)
      const { status, answer } = await make('prepay')
      expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
      expect(readReason()).toBe(
        `HTTP status 400, ORDER_CLOSED, not confirmed: the query failed: ${why}`,
      )
      expect(app.pay.requests).toHaveLength(2)
    },
  )

  it('a call and the query that confirms its refusal have 5 seconds together', async () => {
    refuseNext('ORDER_CLOSED', 'CLOSED')
    app.pay.next(() => {
      app.deadlines.at(-1)?.end()
      return new Promise<PayResponse>(() => {})
    })
    app.deadlines.length = 0
    expect((await make('prepay')).answer.code).toBe('pay_unavailable')
    expect(app.deadlines.map(({ milliseconds }) => milliseconds)).toEqual([5000])
    expect(readReason()).toContain('the query failed: pay_timeout')
  })

  it('the log has the Request-ID of a refusal, confirmed or not', async () => {
    for (const state of ['CLOSED', 'NOTPAY'] as const) {
      settle(state)
      const headers = { 'Request-ID': '08F78BC2-268435461' }
      app.pay.next(() => ({ ...refusal(400, 'ORDER_CLOSED', ''), headers }))
      await make('prepay')
      expect(JSON.parse(app.log.at(-1) ?? '').rid).toBe('08F78BC2-268435461')
    }
  })

  it.each(['ORDER_CLOSED', 'ORDER_PAID', 'OUT_TRADE_NO_USED'])(
    'a query that is refused with %s is not confirmed by another one',
    async (wechat) => {
      for (const path of [`/payments/${NUMBER}`, '/refunds/R00001']) {
        refuseNext(wechat, 'CLOSED')
        app.pay.requests.length = 0
        expect((await app.send('GET', path)).answer.code).toBe('pay_unavailable')
        expect(app.pay.requests).toHaveLength(1)
      }
    },
  )
})

describe('final refusals of a refund', () => {
  beforeEach(async () => {
    settle('SUCCESS')
    await make('refund')
    app.pay.requests.length = 0
  })

  it.each([
    ['OUT_TRADE_NO_USED', 403, ''],
    ['PARAM_ERROR', 400, '订单重入，但参数与原单不一致'],
  ])(
    'a refusal of a refund with %s and status %i counts where the refund is found by its number',
    async (wechat, status, message) => {
      app.pay.next(() => refusal(status, wechat, message))
      const { answer } = await make('refund')
      expect(answer.code).toBe('order_exists')
      expect(answer.detail).toMatch(/^This outRefundNo /)
      expect(app.pay.requests[1]?.target).toBe('/v3/refund/domestic/refunds/R00001')
    },
  )

  it.each([
    [
      'is not known',
      refusal(404, 'RESOURCE_NOT_EXISTS', ''),
      'HTTP status 404, RESOURCE_NOT_EXISTS',
    ],
    ['is another one', null, 'a response is about another refund'],
  ])('a refusal of a refund does not count where the refund %s', async (_, response, why) => {
    refuseNext('OUT_TRADE_NO_USED', 'REFUND', 403)
    app.pay.next(({ body }) => response ?? ok({ ...JSON.parse(body), out_refund_no: 'R00002' }))
    expect((await make('refund')).answer.code).toBe('pay_unavailable')
    expect(readReason()).toContain(`not confirmed: the query failed: ${why}`)
  })
})
