/** The shop in examples/hooks: built, between the login Worker and the payments Worker, with real D1. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusal } from '../../sandbox/pay/responses'
import { APPIDS, startBackend } from '../support/hooks-example'
import {
  type BuiltShop,
  buildShop,
  type Shop,
  serveShop,
  USER_LIMIT,
} from '../support/shop-example'

type Fields = Record<string, unknown>

let built: BuiltShop
let shop: Shop
let token: string
let openid: string

beforeAll(async () => {
  built = await buildShop()
  shop = await serveShop(built)
})
afterAll(() => shop.close())

beforeEach(async () => {
  // A user of its own for each test, so that no order is offered again.
  openid = `o-${crypto.randomUUID()}`
  token = await shop.logIn(openid)
  // Those of the other tests are not due.
  await shop.sql('UPDATE orders SET next_query_at = unixepoch() + 3600')
})
afterEach(() => expect(shop.wechatPay.violations).toEqual([]))

const tap = () => shop.send('POST', '/orders', token)

/** Buys as a user does who does not hurry. */
async function buy(): Promise<string> {
  await shop.passTurns()
  const { status, answer } = await tap()
  expect(status).toBe(200)
  return answer.outTradeNo as string
}
async function ask(outTradeNo: string) {
  await shop.passTurns()
  return (await shop.send('GET', `/orders/${outTradeNo}`, token)).answer
}

const read = (outTradeNo: string) => shop.readOrder(outTradeNo)
const pay = (outTradeNo: string) => shop.wechatPay.pay(outTradeNo)
const deliver = (fields: Fields) => shop.deliver('TRANSACTION.SUCCESS', fields)
const find = (outTradeNo: string) => shop.wechatPay.orders.find(outTradeNo)

describe('the HTTP API of the shop', () => {
  it('POST /orders places an order for the user of the token, at the price of the shop', async () => {
    const { status, answer } = await shop.send('POST', '/orders', token)
    expect([status, Object.keys(answer)]).toEqual([200, ['outTradeNo', 'parameters']])
    expect(Object.keys(answer.parameters as object)).toContain('paySign')
    expect(JSON.parse(find(answer.outTradeNo as string)?.body ?? '')).toMatchObject({
      appid: APPIDS[0],
      payer: { openid },
      description: '一杯茶',
      amount: { total: 1, currency: 'CNY' },
    })
  })

  it('taps at the same time and a later one open one order', async () => {
    const taps = await Promise.all([1, 2, 3].map(tap))
    const numbers = taps.flatMap(({ answer }) => answer.outTradeNo ?? [])
    expect(new Set([...numbers, await buy()]).size).toBe(1)
    expect(await shop.sql('SELECT 1 FROM orders WHERE openid = ?', openid)).toHaveLength(1)
  })

  it('an order that is 20 minutes old, or has another price, is not offered again', async () => {
    const first = await buy()
    await shop.age(first, 20 * 60)
    const second = await buy()
    await shop.sql('UPDATE orders SET total = 2 WHERE out_trade_no = ?', second)
    expect(new Set([first, second, await buy()]).size).toBe(3)
  })

  it('a tap on an order that is paid delivers it, and the next tap opens another one', async () => {
    const first = await buy()
    pay(first)
    await shop.passTurns()
    const { status, answer } = await tap()
    expect([status, answer.code]).toEqual([409, 'order_paid'])
    expect(await read(first)).toEqual(['paid', 1])
    expect(await buy()).not.toBe(first)
  })

  it('GET /orders/:outTradeNo queries WeChat Pay, and delivers what is paid', async () => {
    const outTradeNo = await buy()
    expect(await ask(outTradeNo)).toEqual({ outTradeNo, state: 'unpaid' })
    pay(outTradeNo)
    expect(await ask(outTradeNo)).toEqual({ outTradeNo, state: 'paid' })
    expect(await read(outTradeNo)).toEqual(['paid', 1])
  })

  it('within 3 seconds, WeChat Pay is not asked again about an order, neither by taps nor by cron', async () => {
    const outTradeNo = await buy()
    const path = `/orders/${outTradeNo}`
    await shop.age(outTradeNo, 60)
    await shop.holdTurns()
    const before = shop.wechatPay.arrived()
    for (const reply of [await tap(), await shop.send('GET', path, token)]) {
      const { status, headers, answer } = reply
      expect([status, answer.code, answer.action]).toEqual([429, 'rate_limited', 'retry_later'])
      expect(headers.get('Retry-After')).toBe('3')
    }
    await shop.runCron()
    expect(shop.wechatPay.arrived()).toBe(before)
  })

  it.each<[who: string, ask: (outTradeNo: string) => Promise<unknown>]>([
    ['a tap', tap],
    ['a question', (outTradeNo) => shop.send('GET', `/orders/${outTradeNo}`, token)],
    ['the cron trigger', () => shop.runCron()],
  ])('%s asks WeChat Pay after 3 seconds, and the 3 seconds begin again', async (_, makeAsk) => {
    const outTradeNo = await buy()
    await shop.sql('UPDATE orders SET next_query_at = 0 WHERE out_trade_no = ?', outTradeNo)
    await shop.passTurns()
    const before = shop.wechatPay.arrived()
    await makeAsk(outTradeNo)
    expect(shop.wechatPay.arrived()).toBe(before + 1)
    const [row] = await shop.sql<{ ago: number }>(
      'SELECT unixepoch() - asked_at AS ago FROM orders WHERE out_trade_no = ?',
      outTradeNo,
    )
    expect(row?.ago).toBeLessThan(60)
  })

  it('an order that is not unpaid any more is answered at once', async () => {
    const outTradeNo = await buy()
    await deliver(pay(outTradeNo))
    for (let time = 0; time < 3; time++) {
      const { status, answer } = await shop.send('GET', `/orders/${outTradeNo}`, token)
      expect([status, answer.state]).toEqual([200, 'paid'])
    }
  })

  it('a user who asks more often than USER_LIMIT is rate_limited, and others are not', async () => {
    const hurry = () => shop.send('GET', `/orders/${'a'.repeat(32)}`, token)
    const replies = await Promise.all(Array.from({ length: 2 * USER_LIMIT + 1 }, hurry))
    const refused = replies.filter(({ status }) => status !== 404)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, headers, answer } of refused) {
      expect([status, answer.code]).toEqual([429, 'rate_limited'])
      expect(headers.get('Retry-After')).toBe('60')
    }
    token = await shop.logIn('o-another')
    expect((await hurry()).status).toBe(404)
  })

  it('an order that WeChat Pay calls closed, and is open, is offered again', async () => {
    const outTradeNo = await buy()
    shop.wechatPay.next(() => refusal(400, 'ORDER_CLOSED', ''))
    await shop.passTurns()
    expect((await tap()).answer.code).toBe('pay_unavailable')
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    expect(await buy()).toBe(outTradeNo)
  })

  it('an order that is closed is not offered again', async () => {
    const outTradeNo = await buy()
    const order = find(outTradeNo)
    if (order) order.state = 'CLOSED'
    await shop.passTurns()
    expect((await tap()).answer.code).toBe('order_closed')
    expect(await read(outTradeNo)).toEqual(['closed', 0])
    expect(await buy()).not.toBe(outTradeNo)
  })

  it('GET /orders/:outTradeNo answers not_found to everybody but the buyer', async () => {
    const outTradeNo = await buy()
    const other = await shop.logIn('o-another')
    const { status, answer } = await shop.send('GET', `/orders/${outTradeNo}`, other)
    expect([status, answer.code]).toEqual([404, 'not_found'])
  })

  it.each([
    ['POST', '/orders'],
    ['GET', `/orders/${'a'.repeat(32)}`],
  ] as const)('%s %s is session_invalid without the token of a session', async (method, path) => {
    for (const bad of ['mallory', '']) {
      const { status, headers, answer } = await shop.send(method, path, bad)
      expect([status, answer.code]).toEqual([401, 'session_invalid'])
      expect(headers.get('WWW-Authenticate')).toBe('Bearer')
    }
  })

  it('a failure of the payments Worker reaches the phone as a problem', async () => {
    shop.wechatPay.failNext()
    const { status, headers, answer } = await shop.send('POST', '/orders', token)
    expect([status, headers.get('Content-Type')]).toEqual([502, 'application/problem+json'])
    expect(answer).toMatchObject({ code: 'pay_unavailable', action: 'retry_later' })
  })
})

describe('a callback of WeChat Pay', () => {
  it('a payment is delivered once, however often its callback comes', async () => {
    const outTradeNo = await buy()
    const fields = pay(outTradeNo)
    const statuses = await Promise.all([1, 2, 3].map(() => deliver(fields)))
    expect([...statuses, await deliver(fields)]).toEqual([204, 204, 204, 204])
    expect(await read(outTradeNo)).toEqual(['paid', 1])
  })

  it.each<[string, (fields: Fields) => Fields]>([
    ['appid', () => ({ appid: APPIDS[1] })],
    ['openid', () => ({ payer: { openid: 'o-another' } })],
    ['total', () => ({ amount: { total: 2, currency: 'CNY' } })],
    ['currency', () => ({ amount: { total: 1, currency: 'USD' } })],
  ])('a payment with another %s is reported and delivers nothing', async (_, change) => {
    const outTradeNo = await buy()
    const fields = pay(outTradeNo)
    expect(await deliver({ ...fields, ...change(fields) })).toBe(204)
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    await shop.findReport('a payment fits no order', outTradeNo)
  })

  it('a payment of an unknown order is reported and not sent again', async () => {
    const outTradeNo = 'f'.repeat(32)
    expect(await deliver({ ...pay(await buy()), out_trade_no: outTradeNo })).toBe(204)
    await shop.findReport('a payment fits no order', outTradeNo)
  })

  it('a payment that is recorded after the closing is delivered', async () => {
    const outTradeNo = await buy()
    await shop.sql("UPDATE orders SET state = 'closed' WHERE out_trade_no = ?", outTradeNo)
    await deliver(pay(outTradeNo))
    expect(await read(outTradeNo)).toEqual(['paid', 1])
  })

  it('a refund marks its order, and a callback of the payment after it changes nothing', async () => {
    const outTradeNo = await buy()
    const fields = pay(outTradeNo)
    await deliver(fields)
    expect([await shop.refund(outTradeNo), await shop.refund(outTradeNo)]).toEqual([204, 204])
    await deliver(fields)
    expect(await read(outTradeNo)).toEqual(['refunded', 1])
  })

  it('an order that is refunded before its payment is recorded is not delivered', async () => {
    const outTradeNo = await buy()
    await shop.refund(outTradeNo)
    await deliver(pay(outTradeNo))
    expect(await read(outTradeNo)).toEqual(['refunded', 0])
  })

  it.each([
    ['of another amount', 2, 'REFUND.SUCCESS', 'a refund is not the whole price of an order'],
    ['that has failed', 1, 'REFUND.ABNORMAL', 'a refund has failed'],
  ])('a refund %s is reported and changes nothing', async (_, amount, type, reason) => {
    const outTradeNo = await buy()
    await deliver(pay(outTradeNo))
    expect(await shop.refund(outTradeNo, amount, type)).toBe(204)
    expect(await read(outTradeNo)).toEqual(['paid', 1])
    await shop.findReport(reason, outTradeNo)
  })

  it('WeChat Pay calls again after an outage of D1, and the payment is delivered then', async () => {
    const outTradeNo = await buy()
    const fields = pay(outTradeNo)
    expect(await shop.withoutOrders(() => deliver(fields))).toBe(503)
    expect(await deliver(fields)).toBe(204)
    expect(await read(outTradeNo)).toEqual(['paid', 1])
  })
})

describe('the queries of every minute', () => {
  it('a payment whose callback is lost is found after a minute and delivered', async () => {
    const outTradeNo = await buy()
    pay(outTradeNo)
    expect(await shop.runCron()).toBe('ok')
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    await shop.age(outTradeNo, 60)
    expect(await shop.runCron()).toBe('ok')
    expect(await read(outTradeNo)).toEqual(['paid', 1])
  })

  it.each([
    [60, 60],
    [240, 240],
    [20 * 60, 10 * 60],
  ])('an order that is unpaid after %i seconds is queried again after %i', async (age, wait) => {
    const outTradeNo = await buy()
    await shop.age(outTradeNo, age)
    await shop.runCron()
    const [row] = await shop.sql<{ wait: number }>(
      'SELECT next_query_at - unixepoch() AS wait FROM orders WHERE out_trade_no = ?',
      outTradeNo,
    )
    expect(Math.abs((row?.wait ?? 0) - wait)).toBeLessThanOrEqual(5)
  })

  it('an order that is unpaid after 30 minutes is closed at WeChat Pay and in D1', async () => {
    const outTradeNo = await buy()
    await shop.age(outTradeNo, 29 * 60)
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    await shop.age(outTradeNo, 30 * 60)
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['closed', 0])
    expect(find(outTradeNo)?.state).toBe('CLOSED')
  })

  it('an order that is paid while it is being closed is delivered by the next query', async () => {
    const outTradeNo = await buy()
    await shop.age(outTradeNo, 30 * 60)
    // The user pays after the query and before the closing.
    shop.wechatPay.next((response) => {
      pay(outTradeNo)
      return response
    })
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    expect(await ask(outTradeNo)).toEqual({ outTradeNo, state: 'paid' })
  })

  it('an order that WeChat Pay says it does not know is not closed, and can still be paid', async () => {
    const outTradeNo = await buy()
    await shop.age(outTradeNo, 30 * 60)
    shop.wechatPay.next(() => refusal(404, 'ORDER_NOT_EXIST', ''))
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    pay(outTradeNo)
    expect(await ask(outTradeNo)).toEqual({ outTradeNo, state: 'paid' })
  })

  it('an order whose state WeChat Pay does not tell is not closed', async () => {
    const outTradeNo = await buy()
    await shop.age(outTradeNo, 30 * 60)
    shop.wechatPay.failNext()
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['unpaid', 0])
    expect(find(outTradeNo)?.state).toBe('NOTPAY')
  })

  it('an order that a query finds refunded is reported and not delivered', async () => {
    const outTradeNo = await buy()
    pay(outTradeNo)
    const order = find(outTradeNo)
    if (order) order.state = 'REFUND'
    await shop.age(outTradeNo, 60)
    await shop.runCron()
    expect(await read(outTradeNo)).toEqual(['refunded', 0])
    await shop.findReport('an order was refunded before it was delivered', outTradeNo)
  })
})

describe('the hooks Worker without a shop', () => {
  it('without LOGIN, PAY and USER_LIMIT, users log in, and the shop answers that it needs them', async () => {
    const other = await serveShop(built, { isBound: false })
    try {
      const session = await other.logIn('o-alice')
      expect(await other.sql('SELECT 1 FROM identities')).toHaveLength(1)
      const { status, answer } = await other.send('POST', '/orders', session)
      expect([status, answer.code]).toEqual([500, 'misconfigured'])
      expect(answer.detail).toContain('LOGIN, PAY and USER_LIMIT')
      expect(await other.runCron()).toBe('exception')
    } finally {
      await other.close()
    }
  })

  it.each([
    ['takes', 'a-secret', 204],
    ['that refuses the signature does not take', 'another', 503],
  ])('a backend %s the payments, and there is no shop', async (_, BACKEND_SECRET, status) => {
    const backend = await startBackend('a-secret')
    const other = await serveShop(built, { settings: { BACKEND_URL: backend.url, BACKEND_SECRET } })
    try {
      expect(await other.deliver('TRANSACTION.SUCCESS', pay(await buy()))).toBe(status)
      expect((await other.send('POST', '/orders', token)).status).toBe(404)
      expect(await other.runCron()).toBe('ok')
    } finally {
      await other.close()
      backend.stop()
    }
  })
})
