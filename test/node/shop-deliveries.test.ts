/** How the shop in examples/hooks learns that an order is paid, and delivers it. */

import { describe, expect, it } from 'vitest'
import { refusal } from '../../sandbox/pay/responses'
import { APPIDS } from '../support/hooks-example'
import { useShop } from '../support/use-shop'

type Fields = Record<string, unknown>

const { shop, buy, ask, read, pay, deliver, find } = useShop()

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
