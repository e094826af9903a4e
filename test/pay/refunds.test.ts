/** Refunds: asked for and queried, against a WeChat Pay that verifies every request. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { Tamper } from '../../sandbox/pay/faults'
import { ok, refusal } from '../../sandbox/pay/responses'
import { APPID, OPENID, toName, usePayApp } from '../support/pay-app'
import { importPrivate, MERCHANT, NOTIFY_URL } from '../support/wechat-pay'

const app = usePayApp()

const NUMBER = 'A00001'
const body = { outRefundNo: 'R1', refund: 40, total: 100 }
const refund = (fields: object = {}) =>
  app.send('POST', `/payments/${NUMBER}/refunds`, { ...body, ...fields })

beforeEach(async () => {
  const order = { appid: APPID, openid: OPENID, outTradeNo: NUMBER, description: 'a', total: 100 }
  await app.send('POST', '/payments', order)
  app.pay.pay(NUMBER)
  app.pay.requests.length = 0
})

const REFUND = {
  outRefundNo: 'R1',
  outTradeNo: NUMBER,
  refundId: expect.stringMatching(/^5030\d{24}$/),
  status: 'PROCESSING',
  refund: 40,
  total: 100,
  transactionId: expect.stringMatching(/^4200\d{24}$/),
  payerRefund: 40,
  currency: 'CNY',
}
/** Changes fields of a response. */
const change =
  (fields: object): Tamper =>
  ({ body }) =>
    ok({ ...JSON.parse(body), ...fields })

describe('POST /payments/:outTradeNo/refunds', () => {
  it('a refund is accepted, and GET /refunds/:outRefundNo has the same', async () => {
    expect(await refund({ reason: '已售完' })).toMatchObject({ status: 200, answer: REFUND })
    expect((await app.send('GET', '/refunds/R1')).answer).toEqual(REFUND)
  })

  it('WeChat Pay gets the refund with our callback, and nothing else', async () => {
    await refund({ reason: '已售完', unknown: 'x' })
    expect(JSON.parse(app.pay.requests[0]?.body ?? '')).toEqual({
      out_trade_no: NUMBER,
      out_refund_no: 'R1',
      reason: '已售完',
      notify_url: NOTIFY_URL,
      amount: { refund: 40, total: 100, currency: 'CNY' },
    })
  })

  it('the same refund repeats byte for byte', async () => {
    await refund()
    await refund()
    expect(app.pay.requests[1]?.body).toBe(app.pay.requests[0]?.body)
  })

  it('a number that has a refund with other fields is an order_exists, which names outRefundNo', async () => {
    await refund()
    const { status, answer } = await refund({ refund: 41 })
    expect([status, answer.code]).toEqual([409, 'order_exists'])
    expect(answer.detail).toContain('outRefundNo')
    expect(answer.detail).not.toContain('outTradeNo')
  })

  it('a refund that is done has the time at which it was', async () => {
    await refund()
    app.clock.now += 60
    app.pay.finishRefund('R1')
    expect((await app.send('GET', '/refunds/R1')).answer).toEqual({
      ...REFUND,
      status: 'SUCCESS',
      refundedAt: '2026-09-21T14:14:20.000Z',
    })
  })

  const limits: readonly (readonly [Record<string, unknown>, string | null])[] = [
    [{ refund: 100 }, null],
    [{ refund: 101 }, 'refund'],
    [{ refund: 0 }, 'refund'],
    [{ refund: 1.5 }, 'refund'],
    [{ refund: '40' }, 'refund'],
    [{ refund: undefined }, 'refund'],
    [{ total: undefined }, 'total'],
    [{ total: 2 ** 31 }, 'total'],
    [{ outRefundNo: 'aZ09_-*|@'.repeat(7) }, null],
    [{ outRefundNo: 'x'.repeat(64) }, null],
    [{ outRefundNo: 'x'.repeat(65) }, 'outRefundNo'],
    [{ outRefundNo: '' }, 'outRefundNo'],
    [{ outRefundNo: 'R/1' }, 'outRefundNo'],
    [{ outRefundNo: undefined }, 'outRefundNo'],
    [{ reason: 'x'.repeat(80) }, null],
    [{ reason: 'x'.repeat(81) }, 'reason'],
    [{ reason: `${'茶'.repeat(26)}xx` }, null],
    [{ reason: '茶'.repeat(27) }, 'reason'],
    [{ reason: '' }, 'reason'],
    [{ reason: '🍵' }, 'reason'],
    [{ reason: 'a\nb' }, 'reason'],
    [{ reason: 'a\u202eb' }, 'reason'],
    [{ reason: '\u007f' }, 'reason'],
  ]
  it.each(limits.map(([fields, path]) => [toName(fields), fields, path] as const))(
    'the limits of fields hold, and what is refused never reaches WeChat Pay: %s',
    async (_, fields, path) => {
      const { status, answer } = await refund(fields)
      expect(status).toBe(path === null ? 200 : 400)
      if (path === null) return
      expect(answer.errors?.map((error) => error.path)).toEqual([path])
      expect(app.pay.requests).toEqual([])
    },
  )

  it('the number of the order is checked as well', async () => {
    const { status, answer } = await app.send('POST', '/payments/1/refunds', body)
    expect([status, answer.errors?.[0]?.path]).toEqual([400, 'outTradeNo'])
  })
})

describe('GET /refunds/:outRefundNo', () => {
  it('a field of a refund that WeChat Pay gives as null is absent', async () => {
    await refund()
    const amount = { refund: 40, total: 100, payer_refund: null, currency: null }
    const empty = { transaction_id: null, success_time: null, amount }
    app.pay.next(change(empty))
    const { transactionId, payerRefund, currency, ...present } = REFUND
    const { status, answer } = await app.send('GET', '/refunds/R1')
    expect([status, answer]).toEqual([200, present])
  })

  it('a number with | * and @ is signed as it goes over the wire', async () => {
    await refund({ outRefundNo: 'r|1*2@3' })
    expect((await app.send('GET', '/refunds/r%7C1*2%403')).status).toBe(200)
    expect((await app.send('GET', '/refunds/r|1*2@3')).status).toBe(200)
    const target = app.pay.requests[1]?.target
    expect(target).toBe('/v3/refund/domestic/refunds/r%7C1*2%403')
  })

  it('a refund that WeChat Pay does not know is a refund_unknown', async () => {
    const { status, answer } = await app.send('GET', '/refunds/R9')
    expect([status, answer.code]).toEqual([404, 'refund_unknown'])
  })

  it('a refund of an order that WeChat Pay does not know is an order_unknown', async () => {
    const { status, answer } = await app.send('POST', '/payments/A00009/refunds', body)
    expect([status, answer.code]).toEqual([404, 'order_unknown'])
  })
})

describe('refusals and answers that cannot be believed', () => {
  it.each([
    ['RULE_LIMIT', 403, 'refund_refused', 409],
    ['TRADE_ERROR', 403, 'refund_refused', 409],
    ['ACCOUNT_ERROR', 403, 'refund_refused', 409],
    ['USER_ACCOUNT_ABNORMAL', 403, 'refund_refused', 409],
    ['TRADE_OVERDUE', 400, 'refund_refused', 409],
    ['REFUND_FEE_MISMATCH', 400, 'refund_refused', 409],
    ['NOT_ENOUGH', 403, 'balance_too_low', 409],
    ['ORDER_PAID', 400, 'pay_unavailable', 502],
    ['FREQUENCY_LIMITED', 429, 'rate_limited', 429],
    ['MCH_NOT_EXISTS', 404, 'misconfigured', 500],
    ['SYSTEM_ERROR', 500, 'pay_unavailable', 502],
  ] as const)(
    '%s with status %d is a %s, spelled with and without underscores',
    async (wechat, seen, code, status) => {
      for (const spelled of [wechat, wechat.replaceAll('_', '')]) {
        app.pay.next(() => refusal(seen, spelled, 'a text'))
        const { status: got, answer } = await refund()
        expect([got, answer.code]).toEqual([status, code])
      }
      expect(app.pay.requests).toHaveLength(2)
    },
  )

  it.each(['商户订单号重复', '商户退款单号重复', '订单重入', '订单金额或退款金额与之前请求不一致'])(
    'a refusal of a refund that names a repeated number is about outRefundNo: %s',
    async (message) => {
      for (const code of ['INVALID_REQUEST', 'PARAM_ERROR']) {
        app.pay.next(() => refusal(400, code, message))
        const { status, answer } = await refund()
        expect([status, answer.code]).toEqual([409, 'order_exists'])
        expect(answer.detail).toMatch(/^This outRefundNo /)
      }
    },
  )

  const tampers: Record<string, Tamper> = {
    'another refund': change({ out_refund_no: 'R2' }),
    'another merchant': change({ mchid: '1900000001' }),
    'no refund': change({ out_refund_no: undefined }),
    'no amount': change({ amount: undefined }),
    'no status': change({ status: undefined }),
    'a status of other characters': change({ status: 'Success' }),
    'a status of 33 characters': change({ status: 'A'.repeat(33) }),
    'a refund_status of other characters': change({ status: undefined, refund_status: '' }),
    'no signature': (response) => ({ ...response, forgery: null }),
    'the signature of another key': async (response) => ({
      ...response,
      forgery: { privateKey: await importPrivate(MERCHANT.private_pkcs8_pem) },
    }),
    'the status 202': (response) => ({ ...response, status: 202 }),
    'a signed 204': () => ({ status: 204, body: '' }),
  }
  it.each(Object.entries(tampers))(
    'the outcome is unknown, and not repeated, after an answer with %s',
    async (_, tamper) => {
      app.pay.next(tamper)
      expect(await refund()).toMatchObject({ status: 502, answer: { code: 'pay_unavailable' } })
      app.pay.next(tamper)
      expect(await app.send('GET', '/refunds/R1')).toMatchObject({ status: 502 })
      expect(app.pay.requests).toHaveLength(2)
    },
  )

  const amount = { refund: 40, total: 100, payer_refund: 40, currency: 'CNY' }
  it.each([
    ['another order', { out_trade_no: 'A00002' }],
    ['a smaller refund', { amount: { ...amount, refund: 39 } }],
    ['a larger refund', { amount: { ...amount, refund: 41 } }],
    ['an order of another price', { amount: { ...amount, total: 1000 } }],
    ['another currency', { amount: { ...amount, currency: 'USD' } }],
  ])('a signed answer to a refund that is about %s is not believed', async (_, fields) => {
    app.pay.next(change(fields))
    const { status, answer } = await refund()
    expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
    expect(app.log.at(-1)).toContain('a response is about another refund')
  })

  it('an answer without a currency is about the one that was asked for', async () => {
    app.pay.next(change({ amount: { refund: 40, total: 100 } }))
    expect((await refund()).status).toBe(200)
  })

  it.each([
    { status: undefined, refund_status: 'SUCCESS' },
    { status: null, refund_status: 'SUCCESS' },
    { status: 'SUCCESS', refund_status: 'PROCESSING' },
  ])('refund_status stands in for a status that is absent: %o', async (fields) => {
    app.pay.next(change(fields))
    expect(await refund()).toMatchObject({ status: 200, answer: { status: 'SUCCESS' } })
    app.pay.next(change(fields))
    expect((await app.send('GET', '/refunds/R1')).answer.status).toBe('SUCCESS')
  })

  it('a refund whose connection breaks goes to the second host under the same number', async () => {
    app.pay.next(() => {
      throw new TypeError('Network connection lost.')
    })
    expect(await refund()).toMatchObject({ status: 200, answer: { outRefundNo: 'R1' } })
    const [first, second] = app.pay.requests.slice(-2)
    expect(second?.body).toBe(first?.body)
    expect(second?.host).not.toBe(first?.host)
  })
})
