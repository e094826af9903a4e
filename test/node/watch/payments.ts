/** The buttons of the watch page for payments. */

import { describe, expect, it } from 'vitest'
import { CHROMIUM } from '../../support/browser'
import { openPage, press } from './page'

describe.skipIf(CHROMIUM.notice)(`payments on the watch page${CHROMIUM.notice}`, () => {
  it.each<[fact: string, id: string, drawn: RegExp, meaning: string]>([
    [
      'an order, its payment, the callback and the query that says it is paid',
      'buy',
      /^(?=.*LOGIN\.verify)(?=.*signTypeRSA.*paySign)(?=.*requestPayment:ok)(?=.*HOOKS\.onPayment.*GET \/payments\/sandbox-[\da-f]{24}.*stateSUCCESS)/,
      'queried the order: it is paid.',
    ],
    [
      'a payment whose callback is lost, and that the query finds it',
      'lost',
      /^(?!.*(POST \/wechat\/pay\/events|onPayment)).*stateSUCCESS/,
      'Only the query found the payment',
    ],
    [
      'a refund that is accepted first, and done after the callback',
      'refund',
      /statusPROCESSING.*POST \/wechat\/pay\/events.*statusSUCCESS/,
      'PROCESSING means only that WeChat Pay has accepted the refund',
    ],
    [
      'a forged callback that is refused, and the order that stays unpaid',
      'forged',
      /^(?!.*onPayment).*POST \/wechat\/pay\/events.*403.*Event refused.*stateNOTPAY/,
      'The order is not paid.',
    ],
    [
      'a signature probe that is refused, and the callback that follows it',
      'probe',
      /^(?!.*onPayment.*onPayment).*403.*204/,
      'refused the probe',
    ],
  ])('The page draws %s', async (_, id, drawn, meaning) => {
    const page = await openPage()
    await press(page, 'login')
    const result = await press(page, id)
    expect(result.diagram).toMatch(new RegExp(drawn, 's'))
    expect(result.meaning).toContain(meaning)
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
