/** The shop in examples/hooks, with real D1: its orders, WeChat Pay's callbacks, and its HTTP API. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findOrder, openOrder, recordClosing } from '../../examples/hooks/orders'
import { onPayment, queryOrders } from '../../examples/hooks/payments'
import { handleShop, type ShopEnv } from '../../examples/hooks/shop'
import type { Payment, PaymentEvent } from '../../src/pay'
import { createWorkers, startOrders, USER } from '../support/shop-example'

let orders: Awaited<ReturnType<typeof startOrders>>
let workers: ReturnType<typeof createWorkers>
let env: ShopEnv
let outTradeNo: string

beforeAll(async () => {
  orders = await startOrders()
})
afterAll(() => orders.close())

beforeEach(async () => {
  workers = createWorkers()
  const { LOGIN, PAY } = workers
  env = { DB: orders.db, LOGIN, PAY } as unknown as ShopEnv
  // A user of its own for each test, so that no order is offered again.
  const order = await openOrder(env.DB, purchase(crypto.randomUUID()))
  outTradeNo = order.outTradeNo
})

const purchase = (userId: string, total = 1) => ({ ...USER, userId, product: 'tea', total })
const readState = async () => (await findOrder(env.DB, outTradeNo))?.state
const toPayment = (fields: Partial<Payment> = {}): Payment => ({
  ...{ outTradeNo, state: 'SUCCESS', appid: USER.appid, openid: USER.openid },
  ...{ total: 1, currency: 'CNY', ...fields },
})
const toEvent = (fields: Partial<Payment> = {}): PaymentEvent => {
  const type = 'TRANSACTION.SUCCESS'
  return { key: `${type}:1900000001:${outTradeNo}`, type, payment: toPayment(fields) }
}
const toRefund = (refund: number): PaymentEvent => ({
  ...{ key: `REFUND.SUCCESS:1900000001:R${outTradeNo}`, type: 'REFUND.SUCCESS' },
  refund: {
    ...{ outRefundNo: `R${outTradeNo}`, outTradeNo, refundId: '5', status: 'SUCCESS' },
    ...{ refund, total: 1 },
  },
})

describe('the orders of the shop', () => {
  it('two taps at once open one order', async () => {
    const before = await orders.countOrders()
    const opened = await Promise.all([1, 2, 3].map(() => openOrder(env.DB, purchase('bob'))))
    expect(new Set(opened.map((order) => order.outTradeNo)).size).toBe(1)
    expect(await orders.countOrders()).toBe((before ?? 0) + 1)
  })

  it('an order with another price, of another user or after 20 minutes is a new one', async () => {
    const first = await openOrder(env.DB, purchase('carol'))
    const others = [purchase('carol', 2), purchase('dave')]
    const opened = await Promise.all(others.map((other) => openOrder(env.DB, other)))
    await orders.age(first.outTradeNo, 20 * 60)
    const later = await openOrder(env.DB, purchase('carol'))
    const numbers = [first, ...opened, later].map((order) => order.outTradeNo)
    expect(new Set(numbers).size).toBe(4)
  })

  it('the number of an order is one that WeChat Pay takes', () => {
    expect(outTradeNo).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('a callback of WeChat Pay', () => {
  it('a payment is delivered once, however often WeChat Pay calls', async () => {
    await Promise.all([1, 2, 3].map(() => onPayment(env.DB, toEvent())))
    await onPayment(env.DB, toEvent())
    expect(await readState()).toBe('paid')
    expect(await orders.countDeliveries(outTradeNo)).toBe(1)
  })

  it.each<[string, Partial<Payment>]>([
    ['appid', { appid: 'wx0000000000000002' }],
    ['openid', { openid: 'o-bob' }],
    ['total', { total: 2 }],
    ['currency', { currency: 'USD' }],
    ['state', { state: 'NOTPAY' }],
  ])('a payment with another %s delivers nothing', async (_, fields) => {
    await onPayment(env.DB, toEvent(fields))
    expect(await readState()).toBe('unpaid')
    expect(await orders.countDeliveries(outTradeNo)).toBe(0)
  })

  it('a payment of an unknown order is taken, since another call would not help', async () => {
    const event = toEvent({ outTradeNo: 'f'.repeat(32) })
    expect(await onPayment(env.DB, event)).toBeUndefined()
  })

  it('a payment that comes in after the closing is delivered', async () => {
    await recordClosing(env.DB, outTradeNo)
    await onPayment(env.DB, toEvent())
    expect([await readState(), await orders.countDeliveries(outTradeNo)]).toEqual(['paid', 1])
  })

  it('a refunded order stays refunded, whatever comes after it', async () => {
    await onPayment(env.DB, toEvent())
    await onPayment(env.DB, toRefund(1))
    await onPayment(env.DB, toRefund(1))
    await onPayment(env.DB, toEvent())
    await recordClosing(env.DB, outTradeNo)
    expect(await readState()).toBe('refunded')
    expect(await orders.countDeliveries(outTradeNo)).toBe(1)
  })
})

describe('the queries of every minute', () => {
  it('a payment whose callback was lost is found by a query and delivered', async () => {
    workers.set(toPayment())
    await orders.age(outTradeNo, 60)
    await queryOrders(env)
    expect([await readState(), await orders.countDeliveries(outTradeNo)]).toEqual(['paid', 1])
  })

  it.each([
    [60, 60],
    [240, 240],
    [20 * 60, 10 * 60],
    [40 * 60, 60],
  ])('an order of %i seconds that stays unpaid is queried again after %i', async (age, wait) => {
    workers.failNext('pay_timeout')
    await orders.age(outTradeNo, age)
    await queryOrders(env)
    const seconds = await orders.secondsToQuery(outTradeNo)
    expect(Math.abs((seconds ?? 0) - wait)).toBeLessThanOrEqual(5)
  })

  it('an order is not queried before it is due', async () => {
    workers.set(toPayment())
    await queryOrders(env)
    expect(await readState()).toBe('unpaid')
  })

  it('an order that is unpaid after 30 minutes is closed at WeChat Pay, then here', async () => {
    workers.set(toPayment({ state: 'NOTPAY' }))
    await orders.age(outTradeNo, 29 * 60)
    await queryOrders(env)
    expect([await readState(), workers.closed]).toEqual(['unpaid', []])
    await orders.age(outTradeNo, 30 * 60)
    await queryOrders(env)
    expect([await readState(), workers.closed]).toEqual(['closed', [outTradeNo]])
  })

  it('an order that never reached WeChat Pay is closed after 30 minutes', async () => {
    await orders.age(outTradeNo, 30 * 60)
    await queryOrders(env)
    expect(await readState()).toBe('closed')
  })

  it('an order whose state is not known is not closed', async () => {
    workers.failNext('pay_unavailable')
    await orders.age(outTradeNo, 40 * 60)
    await queryOrders(env)
    expect(await readState()).toBe('unpaid')
  })
})

describe('the HTTP API of the shop', () => {
  async function send(method: string, path: string, token = 'alice-token') {
    const headers = { Authorization: `Bearer ${token}` }
    const request = new Request(`https://shop.example${path}`, { method, headers })
    const response = await handleShop(request, env)
    const answer = (await response.json()) as { outTradeNo: string; code?: string }
    return { status: response.status, answer }
  }

  it('POST /orders places the order of the user at the price of the shop', async () => {
    const { status, answer } = await send('POST', '/orders')
    expect(status).toBe(200)
    expect(answer).toEqual({ outTradeNo: expect.any(String), parameters: expect.any(Object) })
    const { appid, openid } = USER
    const order = { appid, openid, outTradeNo: answer.outTradeNo, description: '一杯茶', total: 1 }
    expect(workers.placed).toEqual([{ ...order, expiresAt: expect.any(String) }])
  })

  it('a second POST /orders places the same order with the same fields', async () => {
    await send('POST', '/orders')
    await send('POST', '/orders')
    expect(workers.placed).toHaveLength(2)
    expect(workers.placed[1]).toEqual(workers.placed[0])
  })

  it('GET /orders/:outTradeNo queries an unpaid order, and delivers it if it is paid', async () => {
    outTradeNo = (await send('POST', '/orders')).answer.outTradeNo
    const path = `/orders/${outTradeNo}`
    expect((await send('GET', path)).answer).toEqual({ outTradeNo, state: 'unpaid' })
    workers.set(toPayment())
    expect((await send('GET', path)).answer).toEqual({ outTradeNo, state: 'paid' })
    expect(await orders.countDeliveries(outTradeNo)).toBe(1)
  })

  it('an order of another user is not_found', async () => {
    const { status, answer } = await send('GET', `/orders/${outTradeNo}`)
    expect([status, answer.code]).toEqual([404, 'not_found'])
  })

  it.each([
    ['POST', '/orders'],
    ['GET', `/orders/${'a'.repeat(32)}`],
  ])('%s %s needs the token of a user', async (method, path) => {
    const { status, answer } = await send(method, path, 'mallory')
    expect([status, answer.code]).toEqual([401, 'session_invalid'])
    expect(workers.placed).toEqual([])
  })

  it('a failure of the payments Worker reaches the phone as its problem', async () => {
    workers.failNext('pay_timeout')
    const { status, answer } = await send('POST', '/orders')
    expect(status).toBe(504)
    expect(answer).toMatchObject({ code: 'pay_timeout', action: 'retry_later' })
  })
})
