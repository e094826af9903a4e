/** The shop in examples/hooks: built, between the login Worker and the payments Worker, with real D1. */

import { describe, expect, it } from 'vitest'
import { refusal } from '../../sandbox/pay/responses'
import { APPIDS, startBackend } from '../support/hooks-example'
import { serveShop, USER_LIMIT } from '../support/shop-example'
import { useShop } from '../support/use-shop'

const { built, shop, user, tap, buy, ask, read, pay, deliver, find } = useShop()

describe('the HTTP API of the shop', () => {
  it('POST /orders places an order for the user of the token, at the price of the shop', async () => {
    const { status, answer } = await shop.send('POST', '/orders', user.token)
    expect([status, Object.keys(answer)]).toEqual([200, ['outTradeNo', 'parameters']])
    expect(Object.keys(answer.parameters as object)).toContain('paySign')
    expect(JSON.parse(find(answer.outTradeNo as string)?.body ?? '')).toMatchObject({
      appid: APPIDS[0],
      payer: { openid: user.openid },
      description: '一杯茶',
      amount: { total: 1, currency: 'CNY' },
    })
  })

  it('taps at the same time and a later one open one order', async () => {
    const taps = await Promise.all([1, 2, 3].map(tap))
    const numbers = taps.flatMap(({ answer }) => answer.outTradeNo ?? [])
    expect(new Set([...numbers, await buy()]).size).toBe(1)
    expect(await shop.sql('SELECT 1 FROM orders WHERE openid = ?', user.openid)).toHaveLength(1)
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
    for (const reply of [await tap(), await shop.send('GET', path, user.token)]) {
      const { status, headers, answer } = reply
      expect([status, answer.code, answer.action]).toEqual([429, 'rate_limited', 'retry_later'])
      expect(headers.get('Retry-After')).toBe('3')
    }
    await shop.runCron()
    expect(shop.wechatPay.arrived()).toBe(before)
  })

  it.each<[who: string, ask: (outTradeNo: string) => Promise<unknown>]>([
    ['a tap', tap],
    ['a question', (outTradeNo) => shop.send('GET', `/orders/${outTradeNo}`, user.token)],
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
      const { status, answer } = await shop.send('GET', `/orders/${outTradeNo}`, user.token)
      expect([status, answer.state]).toEqual([200, 'paid'])
    }
  })

  it('a user who asks more often than USER_LIMIT is rate_limited, and others are not', async () => {
    const hurry = () => shop.send('GET', `/orders/${'a'.repeat(32)}`, user.token)
    const replies = await Promise.all(Array.from({ length: 2 * USER_LIMIT + 1 }, hurry))
    const refused = replies.filter(({ status }) => status !== 404)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, headers, answer } of refused) {
      expect([status, answer.code]).toEqual([429, 'rate_limited'])
      expect(headers.get('Retry-After')).toBe('60')
    }
    user.token = await shop.logIn('o-another')
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
    const { status, headers, answer } = await shop.send('POST', '/orders', user.token)
    expect([status, headers.get('Content-Type')]).toEqual([502, 'application/problem+json'])
    expect(answer).toMatchObject({ code: 'pay_unavailable', action: 'retry_later' })
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
      expect((await other.send('POST', '/orders', user.token)).status).toBe(404)
      expect(await other.runCron()).toBe('ok')
    } finally {
      await other.close()
      backend.stop()
    }
  })
})
