/** The shop page of the example mini program, with a server, a shop and a phone. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  FETCH_STATE,
  PARAMETERS,
  PLACE_ORDER,
  type Shop,
  startShop,
} from '../support/mini-program-shop'
import { useMiniProgram } from '../support/use-mini-program'

const app = useMiniProgram({ hasPayments: true })

describe('the shop page', () => {
  let shop: Shop

  beforeEach(async () => {
    shop = await startShop()
    app.restart({ config: { shop: shop.origin } })
  })

  afterEach(() => shop.close())

  it('the shop page pays with the parameters of the order, and shows that the order is paid', async () => {
    const page = await app.miniProgram.show('shop')
    expect(page.has('.order-state')).toBe(false)
    await page.tap('.buy')
    expect(app.phone.state.payments).toEqual([PARAMETERS])
    expect(page.text('.order-state')).toBe('订单状态：已支付')
    expect(page.has('.text')).toBe(false)
  })

  it.each([
    ['paid', 'requestPayment:ok', '已支付'],
    ['unpaid', 'requestPayment:ok', '未支付'],
    ['paid', 'requestPayment:fail cancel', '已支付'],
    ['unpaid', 'requestPayment:fail cancel', '未支付'],
    ['closed', 'requestPayment:fail cancel', '已关闭'],
    ['refunded', 'requestPayment:ok', '已退款'],
  ])('an order that is %s is shown as such after %s', async (state, errMsg, text) => {
    shop.state = state
    if (errMsg !== 'requestPayment:ok') app.phone.state.paymentFailure = { errMsg }
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    expect(page.text('.order-state')).toBe(`订单状态：${text}`)
  })

  it('the shop page sends the token of the user, and neither product nor price', async () => {
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    const authorization = `Bearer ${app.phone.storedToken()}`
    expect(shop.requests).toEqual([
      { request: PLACE_ORDER, authorization, body: '{}' },
      { request: FETCH_STATE, authorization, body: '' },
    ])
  })

  it('when the state of a paid order cannot be fetched, a retry fetches it and buys nothing', async () => {
    shop.failures.set(FETCH_STATE, { code: 'pay_unavailable', action: 'retry_later' })
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    expect(page.text('.detail')).toBe('pay_unavailable')
    expect(page.data().busy).toBe(false)
    shop.failures.clear()
    await page.tap('.next')
    expect(page.text('.order-state')).toBe('订单状态：已支付')
    expect(page.has('.text')).toBe(false)
    expect(shop.requests.map(({ request }) => request)).toEqual([
      PLACE_ORDER,
      FETCH_STATE,
      FETCH_STATE,
    ])
    expect(app.phone.state.payments).toHaveLength(1)
  })

  it.each([
    [{ code: 'order_paid', action: 'fix_request' }, 'order_paid', '已支付', undefined],
    [{ code: 'payment_refused', action: 'stop' }, 'payment_refused', '拒绝了这笔付款', undefined],
    ['<html>', 'answer_invalid', '服务暂时不可用', '重试'],
  ])(
    'an order that the shop answers with %o shows %s and “%s”, and nothing is paid',
    async (failure, code, text, next) => {
      shop.failures.set(PLACE_ORDER, failure)
      const page = await app.miniProgram.show('shop')
      await page.tap('.buy')
      expect(page.text('.detail')).toBe(code)
      expect(page.text('.text')).toContain(text)
      expect(page.texts('.next')).toEqual(next ? [next] : [])
      expect(app.phone.state.payments).toEqual([])
    },
  )

  it('a payment that fails shows what the developer can do about it', async () => {
    const errMsg = 'requestPayment:fail (下单账号与支付账号不一致)'
    app.phone.state.paymentFailure = { errMsg }
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    expect(page.text('.detail')).toContain(`wx_failed · ${errMsg} · Place the order with`)
    expect(page.has('.order-state')).toBe(false)
  })

  it('a mini program whose payments WeChat has restricted says so', async () => {
    const errMsg = 'requestPayment:fail jsapi has no permission'
    app.phone.state.paymentFailure = { errMsg, errno: 102 }
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    expect(page.text('.text')).toContain('微信限制了这个小程序的支付功能')
  })

  it('a purchase without a network names both the server and the shop', async () => {
    const page = await app.miniProgram.show('shop')
    app.phone.state.isOffline = true
    await page.tap('.buy')
    expect(page.text('.text')).toContain(`连不上 ${app.server.url.origin} 或 ${shop.origin}`)
  })

  it('after a log-out the shop page sells nothing', async () => {
    await (await app.miniProgram.show('devices')).tap('.log-out')
    const page = await app.miniProgram.show('shop')
    expect(page.has('.logged-out')).toBe(true)
    expect(page.has('.buy')).toBe(false)
  })

  it('without a shop in config.js, the shop page says so and has no button', async () => {
    app.restart()
    const page = await app.miniProgram.show('shop')
    expect(page.text('.no-shop')).toContain('config.js')
    expect(page.has('.buy')).toBe(false)
  })
})

describe('the shop page in sandbox mode', () => {
  it('in sandbox mode, the order, its payment and its state come from the server’s sandbox', async () => {
    app.restart({ phone: { appid: 'wx1234567890abcdef' }, config: { sandbox: true } })
    const page = await app.miniProgram.show('shop')
    await page.tap('.buy')
    expect(page.texts('.detail')).toEqual([])
    expect(page.text('.order-state')).toBe('订单状态：已支付')
    expect(app.phone.state.payments).toEqual([])
    expect(app.phone.state.requests).toContain('POST /sandbox/shop/orders')
    expect(app.phone.state.requests).toContain('POST /sandbox/wx.requestPayment')
  })
})
