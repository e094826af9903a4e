/** The shop in examples/hooks for the tests of a file, with another user for each. */

import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type BuiltShop, buildShop, type Shop, serveShop } from './shop-example'

export function useShop() {
  const built = {} as BuiltShop
  const shop = {} as Shop
  const user = { openid: '', token: '' }

  beforeAll(async () => {
    Object.assign(built, await buildShop())
    Object.assign(shop, await serveShop(built))
  })
  afterAll(() => shop.close())

  beforeEach(async () => {
    // A user of its own for each test, so that no order is offered again.
    user.openid = `o-${crypto.randomUUID()}`
    user.token = await shop.logIn(user.openid)
    // Those of the other tests are not due.
    await shop.sql('UPDATE orders SET next_query_at = unixepoch() + 3600')
  })
  afterEach(() => expect(shop.wechatPay.violations).toEqual([]))

  const tap = () => shop.send('POST', '/orders', user.token)

  /** Buys as a user does who does not hurry. */
  async function buy(): Promise<string> {
    await shop.passTurns()
    const { status, answer } = await tap()
    expect(status).toBe(200)
    return answer.outTradeNo as string
  }

  async function ask(outTradeNo: string) {
    await shop.passTurns()
    return (await shop.send('GET', `/orders/${outTradeNo}`, user.token)).answer
  }

  return {
    built,
    shop,
    user,
    tap,
    buy,
    ask,
    read: (outTradeNo: string) => shop.readOrder(outTradeNo),
    pay: (outTradeNo: string) => shop.wechatPay.pay(outTradeNo),
    deliver: (fields: object) => shop.deliver('TRANSACTION.SUCCESS', fields),
    /** The order as WeChat Pay has it. */
    find: (outTradeNo: string) => shop.wechatPay.orders.find(outTradeNo),
  }
}
