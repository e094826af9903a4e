/** The buttons of the watch page for payments. */

import { describe, expect, it } from 'vitest'
import { CHROMIUM } from '../../support/browser'
import { openPage, press } from './page'

/** Logs in on a new page, and presses this button. */
async function pressAfterLogin(id: string) {
  const page = await openPage()
  await press(page, 'login')
  const result = await press(page, id)
  const backend = result.toBackend.map(({ label }) => label)
  return { ...result, backend, toBackendText: result.toBackend.map(({ text }) => text).join('\n') }
}

describe.skipIf(CHROMIUM.notice)(`payments on the watch page${CHROMIUM.notice}`, () => {
  it('The page draws an order, its payment, the callback and the query that says it is paid', async () => {
    const { toWeChat, fromWeChat, diagram, backend, toBackendText, meaning } =
      await pressAfterLogin('buy')
    expect(toWeChat[0]).toBe('POST /v3/pay/transactions/jsapi')
    expect(fromWeChat).toContain('POST /wechat/pay/events')
    expect(toWeChat).toContain('204')
    expect(diagram).toContain('LOGIN.verify')
    expect(diagram).toContain('requestPayment:ok')
    expect(diagram).toMatch(/HOOKS\.onPayment.*GET \/payments\/sandbox-[\da-f]{24}/)
    expect(backend).toEqual(['200', '200'])
    expect(toBackendText).toMatch(/signTypeRSA.*paySign/)
    expect(toBackendText).toContain('stateSUCCESS')
    expect(meaning).toContain('queried the order: it is paid.')
  })

  it('The page draws a payment whose callback is lost, and that the query finds it', async () => {
    const { fromWeChat, diagram, toBackendText, meaning } = await pressAfterLogin('lost')
    expect(fromWeChat).not.toContain('POST /wechat/pay/events')
    expect(diagram).not.toContain('HOOKS.onPayment')
    expect(toBackendText).toContain('stateSUCCESS')
    expect(meaning).toContain('Only the query found the payment')
  })

  it('The page draws a refund that is accepted first, and done after the callback', async () => {
    const { fromWeChat, toBackendText, meaning } = await pressAfterLogin('refund')
    expect(fromWeChat.filter((label) => label === 'POST /wechat/pay/events')).toHaveLength(2)
    expect(toBackendText).toMatch(/statusPROCESSING.*statusSUCCESS/s)
    expect(meaning).toContain('PROCESSING means only that WeChat Pay has accepted the refund')
  })

  it('The page draws a forged callback that is refused, and the order that stays unpaid', async () => {
    const { toWeChat, fromWeChat, diagram, toBackendText, meaning } =
      await pressAfterLogin('forged')
    expect(fromWeChat).toContain('POST /wechat/pay/events')
    expect(toWeChat).toContain('403')
    expect(diagram).toContain('Event refused')
    expect(diagram).not.toContain('HOOKS.onPayment')
    expect(toBackendText).toContain('stateNOTPAY')
    expect(meaning).toContain('The order is not paid.')
  })

  it('The page draws a signature probe that is refused, and the callback that follows it', async () => {
    const { toWeChat, diagram, meaning } = await pressAfterLogin('probe')
    expect(toWeChat.slice(-2)).toEqual(['403', '204'])
    expect(diagram?.match(/HOOKS\.onPayment/g)).toHaveLength(1)
    expect(meaning).toContain('refused the probe')
  })

  it('The diagram of a payment names the payments Worker and WeChat Pay', async () => {
    const page = await openPage()
    await press(page, 'login')
    await press(page, 'buy')
    const heads = await page.locator('#diagram .parties span').allTextContents()
    expect(heads).toEqual(['Phone, backend', 'Payments Worker', 'WeChat Pay'])
  })

  it('In Chinese, the buttons and the outcome of a payment are Chinese', async () => {
    const page = await openPage({ languages: ['zh-CN'] })
    await press(page, 'login')
    const { meaning } = await press(page, 'forged')
    expect(meaning).toMatch(/^伪造的回调 .*订单仍未支付。$/)
  })
})
