/** Orders queried and closed, who may do so, and what the log holds of them. */

import { describe, expect, it } from 'vitest'
import { ok } from '../../sandbox/pay/responses'
import {
  APPID,
  NUMBER,
  OPENID,
  ORDER,
  PAY_SERVICE_KEY,
  usePayApp,
  WECHAT_PAY_MILLISECONDS,
} from '../support/pay-app'
import { API_V3_KEY, MCHID, PLATFORM } from '../support/wechat-pay'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })

describe('GET /payments/:outTradeNo', () => {
  it('an order that is not paid has no payer yet, and a paid one has all', async () => {
    await place({ attach: 'shop 1' })
    const path = `/payments/${NUMBER}`
    expect(await app.send('GET', path)).toMatchObject({
      status: 200,
      answer: { outTradeNo: NUMBER, state: 'NOTPAY', appid: APPID, attach: 'shop 1' },
    })
    const { transaction_id } = app.pay.pay(NUMBER)
    expect((await app.send('GET', path)).answer).toEqual({
      outTradeNo: NUMBER,
      state: 'SUCCESS',
      appid: APPID,
      openid: OPENID,
      total: 100,
      payerTotal: 99,
      currency: 'CNY',
      attach: 'shop 1',
      transactionId: transaction_id,
      paidAt: '2026-09-21T14:13:20.000Z',
    })
  })

  it.each([
    ['no amount', { amount: undefined }, {}],
    ['an amount', { amount: { total: 100, currency: 'CNY' } }, { total: 100, currency: 'CNY' }],
    ['half an amount', { amount: { payer_currency: 'CNY' }, payer: {} }, {}],
    [
      'empty texts',
      { transaction_id: '', success_time: '', attach: '', payer: { openid: '' } },
      { total: 100, currency: 'CNY' },
    ],
  ])(
    'an order that is not paid has an amount where WeChat Pay gives one: %s',
    async (_, fields, expected) => {
      await place()
      app.pay.next(() => ok({ ...app.pay.toTransaction(NUMBER), ...fields }))
      const { answer } = await app.send('GET', `/payments/${NUMBER}`)
      const known = { outTradeNo: NUMBER, state: 'NOTPAY', appid: APPID }
      expect(answer).toEqual({ ...known, ...expected })
    },
  )

  it('an order that WeChat Pay does not know is an order_unknown', async () => {
    const { status, answer } = await app.send('GET', '/payments/A00009')
    expect([status, answer.code]).toEqual([404, 'order_unknown'])
  })

  it('a number with | and * is signed as it goes over the wire', async () => {
    await place({ outTradeNo: 'a|b*c-_' })
    expect((await app.send('GET', '/payments/a%7Cb*c-_')).status).toBe(200)
    expect((await app.send('GET', '/payments/a|b%2Ac-_')).status).toBe(200)
    expect(app.pay.requests[1]?.target).toBe(
      `/v3/pay/transactions/out-trade-no/a%7Cb*c-_?mchid=${MCHID}`,
    )
    expect((await app.send('POST', '/payments/a%7Cb*c-_/close')).status).toBe(204)
  })

  it.each(['12345', 'a%2Fb%2Fc%2Fd', 'A0000%0A1', '%E8%AE%A2%E5%8D%95', 'A0000%', '......'])(
    'a number of another form is refused before WeChat Pay is asked: %s',
    async (number) => {
      const { status, answer } = await app.send('GET', `/payments/${number}`)
      expect([status, answer.errors?.[0]?.path]).toEqual([400, 'outTradeNo'])
      expect(app.pay.requests).toEqual([])
    },
  )

  it('a field of an order that WeChat Pay gives as null is absent', async () => {
    await place()
    const empty = { transaction_id: null, success_time: null, attach: null }
    const amount = { total: null, payer_total: null, currency: null }
    for (const fields of [
      { payer: null, amount: null },
      { payer: { openid: null }, amount },
    ]) {
      app.pay.next(() => ok({ ...app.pay.toTransaction(NUMBER), ...empty, ...fields }))
      const { status, answer } = await app.send('GET', `/payments/${NUMBER}`)
      expect(status).toBe(200)
      expect(answer).toEqual({ outTradeNo: NUMBER, state: 'NOTPAY', appid: APPID })
    }
  })

  it.each([
    { mchid: '1900000001' },
    { mchid: undefined },
    { out_trade_no: 'A00002' },
    { out_trade_no: undefined },
    { trade_state: undefined },
    { trade_state: '' },
    { trade_state: 'notpay' },
    { trade_state: 'PAID OUT' },
    { trade_state: 'A'.repeat(33) },
  ])(
    'a signed answer about something else, or without a state, is not believed: %o',
    async (other) => {
      await place()
      app.pay.next(() => ok({ ...app.pay.pay(NUMBER), ...other }))
      const { status, answer } = await app.send('GET', `/payments/${NUMBER}`)
      expect([status, answer.code, answer.action]).toEqual([502, 'pay_unavailable', 'retry_later'])
    },
  )
})

describe('POST /payments/:outTradeNo/close', () => {
  it('an order can be closed, and closed again', async () => {
    await place()
    for (let i = 0; i < 2; i++) {
      expect(await app.send('POST', `/payments/${NUMBER}/close`)).toMatchObject({
        status: 204,
        answer: null,
      })
    }
  })

  it('an order that is paid or unknown is not closed', async () => {
    await place()
    app.pay.pay(NUMBER)
    expect((await app.send('POST', `/payments/${NUMBER}/close`)).answer.code).toBe('order_paid')
    expect((await app.send('POST', '/payments/A00009/close')).answer.code).toBe('order_unknown')
  })

  it('a signed 200, which may be an answer to a query, closes no order', async () => {
    await place()
    app.pay.next(() => ok(app.pay.toTransaction(NUMBER)))
    const { status, answer } = await app.send('POST', `/payments/${NUMBER}/close`)
    expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
    app.pay.next(() => ok({}))
    expect((await app.send('POST', `/payments/${NUMBER}/close`)).status).toBe(502)
  })
})

describe('the service key', () => {
  it.each([
    ['POST', '/payments'],
    ['GET', '/payments/A00001'],
    ['POST', '/payments/A00001/close'],
    ['POST', '/payments/A00001/refunds'],
    ['GET', '/refunds/R1'],
  ])('%s %s needs a service key', async (method, path) => {
    for (const [key, code] of [
      [null, 'service_key_required'],
      ['x'.repeat(32), 'service_key_invalid'],
    ] as const) {
      const { status, headers, answer } = await app.send(method, path, undefined, key)
      expect([status, answer.code]).toEqual([401, code])
      expect(headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
    }
    expect(app.pay.requests).toEqual([])
  })

  it('a method that a path does not have is a 405, and a path with a slash at its end a 404', async () => {
    expect((await app.send('DELETE', '/payments/A00001')).status).toBe(405)
    expect((await app.send('GET', '/payments/A00001/')).status).toBe(404)
    expect((await app.send('GET', '/wechat/pay/events')).status).toBe(405)
  })
})

describe('the log', () => {
  it('the log has a line for each request, without numbers, openids, keys or texts', async () => {
    await place({ attach: 'attached' })
    await app.send('GET', `/payments/${NUMBER}`)
    await app.send('POST', `/payments/${NUMBER}/close`)
    const log = app.log.join('\n')
    expect(app.log).toHaveLength(3)
    expect(JSON.parse(app.log[1] ?? '')).toEqual({
      level: 'info',
      method: 'GET',
      route: '/payments/:outTradeNo',
      status: 200,
      ms: WECHAT_PAY_MILLISECONDS,
    })
    const secrets = [NUMBER, OPENID, MCHID, API_V3_KEY, PAY_SERVICE_KEY, 'prepay_id', 'attached']
    for (const secret of [...secrets, 'WECHATPAY2', 'PRIVATE KEY', PLATFORM.public_spki_pem]) {
      expect(log).not.toContain(secret)
    }
  })
})
