/** WeChat Pay in the sandbox: `npm run dev` over HTTP, both Workers. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPayments } from '../../src/pay/payments'
import { serverRuntime } from '../../src/server/runtime'
import { type DevServer, startDev } from '../support/dev-server'
import { APPID, send } from '../support/environment'

const PAYMENTS_KEY = 'the-sandbox-payments-key-is-public-too'
const LOGIN_KEY = 'the-sandbox-service-key-is-public-too'

let dev: DevServer
let token: string
beforeAll(async () => {
  dev = await startDev()
  token = await logIn('alice')
})
afterAll(() => dev.stop())

type Fields = Record<string, unknown>

async function call(method: string, path: string, body?: object, key = PAYMENTS_KEY) {
  const { status, answer } = await send(new URL(dev.url()), method, path, {
    token: key,
    ...(body && { body }),
  })
  return { status, answer: answer as Fields }
}

const press = (path: string, body: object = {}) => call('POST', `/sandbox/${path}`, body)

async function logIn(user: string): Promise<string> {
  const { code } = (await press('wx.login', { user })).answer
  const { answer } = await send(new URL(dev.url()), 'POST', '/login', { body: { code } })
  return (answer as { token: string }).token
}

const createNumber = () => crypto.randomUUID().replaceAll('-', '')

/** Places an order of the user of the token, and returns what wx.requestPayment takes. */
async function placeOrder(outTradeNo = createNumber(), fields: object = {}) {
  const order = { token, outTradeNo, description: '一杯茶', total: 2, ...fields }
  const { status, answer } = await call('POST', '/payments', order)
  return { outTradeNo, status, parameters: answer }
}

/** Places an order and pays it. */
async function buy(options: object = {}) {
  const { outTradeNo, parameters } = await placeOrder()
  const { answer } = await press('wx.requestPayment', { ...parameters, ...options })
  return { outTradeNo, errMsg: answer.errMsg }
}

const readState = async (outTradeNo: string) =>
  (await call('GET', `/payments/${outTradeNo}`)).answer.state

describe('payments in npm run dev', () => {
  it('An order is placed for the user of a token, paid on the phone, and found paid', async () => {
    const { outTradeNo, status, parameters } = await placeOrder()
    expect(status).toBe(200)
    expect(Object.keys(parameters)).toEqual(
      'timeStamp nonceStr package signType paySign'.split(' '),
    )
    expect(await readState(outTradeNo)).toBe('NOTPAY')
    const { answer } = await press('wx.requestPayment', parameters)
    expect(answer).toEqual({ errMsg: 'requestPayment:ok' })
    expect((await call('GET', `/payments/${outTradeNo}`)).answer).toMatchObject({
      state: 'SUCCESS',
      total: 2,
      payerTotal: 2,
      currency: 'CNY',
      transactionId: expect.stringMatching(/^\d{28}$/),
    })
  })

  it('A payment that the user cancels leaves the order open', async () => {
    const { outTradeNo, errMsg } = await buy({ cancel: true })
    expect(errMsg).toBe('requestPayment:fail cancel')
    expect(await readState(outTradeNo)).toBe('NOTPAY')
  })

  it.each([
    ['signed for other parameters', { nonceStr: 'another' }, '(支付验证签名失败)'],
    ['whose signType is MD5', { signType: 'MD5' }, '(支付验证签名失败)'],
    [
      'whose timeStamp is a number',
      { timeStamp: 1 },
      '(parameter.timeStamp should be String instead of Number)',
    ],
    ['that belongs to another user', { user: 'bob' }, '(下单账号与支付账号不一致)'],
  ])('The phone does not pay an order %s', async (_, changes, reason) => {
    expect((await buy(changes)).errMsg).toBe(`requestPayment:fail ${reason}`)
  })

  it('The phone pays an order once', async () => {
    const { parameters } = await placeOrder()
    await press('wx.requestPayment', parameters)
    const { answer } = await press('wx.requestPayment', parameters)
    expect(answer.errMsg).toBe('requestPayment:fail (该订单已支付)')
  })

  it('An order that is not paid in time is closed', async () => {
    const expiresAt = new Date(Date.now() + 120_000).toISOString()
    const { outTradeNo } = await placeOrder(createNumber(), { expiresAt })
    await press('clock', { skip: 121 })
    expect(await readState(outTradeNo)).toBe('CLOSED')
  })

  it('A refund is accepted, ends, and is not repeated with other fields', async () => {
    const { outTradeNo } = await buy()
    const outRefundNo = createNumber()
    const refund = { outRefundNo, refund: 1, total: 2 }
    const path = `/payments/${outTradeNo}/refunds`
    expect((await call('POST', path, refund)).answer.status).toBe('PROCESSING')
    expect((await press('finish-refund', { outRefundNo })).status).toBe(204)
    expect((await call('GET', `/refunds/${outRefundNo}`)).answer.status).toBe('SUCCESS')
    expect((await call('POST', path, { ...refund, refund: 2 })).answer.code).toBe('order_exists')
    const more = { outRefundNo: createNumber(), refund: 2, total: 2 }
    expect((await call('POST', path, more)).answer.code).toBe('refund_refused')
    expect((await call('GET', '/refunds/unknown')).answer.code).toBe('refund_unknown')
    expect(await readState(outTradeNo)).toBe('REFUND')
  })

  it('Without the key of the payments Worker, nothing is answered; the login key is another', async () => {
    const { answer } = await call('GET', '/payments/UNKNOWN1', undefined, LOGIN_KEY)
    expect(answer.code).toBe('service_key_invalid')
  })
})

describe('callbacks in npm run dev', () => {
  it('A callback of a payment is taken, as often as it comes', async () => {
    const { outTradeNo } = await buy({ callback: false })
    expect(await readState(outTradeNo)).toBe('SUCCESS')
    for (let time = 0; time < 2; time++) {
      expect((await press('payment-callback', { outTradeNo })).status).toBe(204)
    }
  })

  it.each(
    'unsigned forged probe stale future unknown_serial touched wrong_key algorithm xml foreign'.split(
      ' ',
    ),
  )('A callback with the fault %s is refused', async (fault) => {
    const { outTradeNo } = await placeOrder()
    const { status, answer } = await press('payment-callback', { outTradeNo, fault })
    expect(status).toBe(fault === 'xml' ? 400 : 403)
    expect(answer).toMatchObject({ code: 'FAIL' })
  })

  it.each(['unknown_type', 'echo'])(
    'A genuine callback of %s is taken and ignored',
    async (fault) => {
      const { outTradeNo } = await placeOrder()
      expect((await press('payment-callback', { outTradeNo, fault })).status).toBe(204)
    },
  )

  it('WeChat Pay does not call back for an order that is not paid', async () => {
    const { outTradeNo } = await placeOrder()
    expect((await press('payment-callback', { outTradeNo })).status).toBe(400)
    expect((await press('payment-callback', { outTradeNo: 'UNKNOWN1' })).status).toBe(400)
  })
})

describe('a payments Worker in another process', () => {
  it('The settings that the sandbox gives place an order, which is paid though its callback reaches nobody', async () => {
    const text = await (await fetch(new URL('/sandbox/payment-settings', dev.url()))).text()
    const pairs = [...text.matchAll(/^(\w+)=(".*")$/gm)]
    const settings = Object.fromEntries(
      pairs.map(([, name, value]) => [name, JSON.parse(`${value}`)]),
    )
    expect(settings.WECHAT_PAY_API_BASE).toBe(new URL(dev.url()).origin)
    const payments = createPayments(serverRuntime)({
      ...settings,
      WECHAT_PAY_NOTIFY_URL: 'https://127.0.0.1:1/wechat/pay/events',
    })
    const { answer } = await call('POST', '/introspect', new URLSearchParams({ token }), LOGIN_KEY)
    const payer = { appid: APPID, openid: answer.openid as string }
    const outTradeNo = createNumber()
    const parameters = await payments.placeOrder(
      { outTradeNo, description: '一杯茶', total: 2 },
      payer,
    )
    const paid = await press('wx.requestPayment', parameters)
    expect(paid.answer).toEqual({ errMsg: 'requestPayment:ok' })
    expect((await press('payment-callback', { outTradeNo })).status).toBe(502)
  })
})

describe('the terminal of npm run dev', () => {
  it('A payment, its callback and the end of its refund warn of nothing', async () => {
    const { outTradeNo } = await buy()
    await press('payment-callback', { outTradeNo })
    const outRefundNo = createNumber()
    await call('POST', `/payments/${outTradeNo}/refunds`, { outRefundNo, refund: 2, total: 2 })
    expect((await press('finish-refund', { outRefundNo })).status).toBe(204)
    await call('GET', '/refunds/the-last-line')
    await dev.terminal().find(/GET \/refunds\/the-last-line/)
    expect(dev.terminal().text()).not.toMatch(/Constructing a Response|passed over/)
  })
})

describe('failures of WeChat Pay in npm run dev', () => {
  const CODES = {
    FREQUENCY_LIMITED: 'rate_limited',
    SIGN_ERROR: 'misconfigured',
    NO_AUTH: 'misconfigured',
    SYSTEM_ERROR: 'pay_unavailable',
    unsigned: 'pay_unavailable',
    forged: 'pay_unavailable',
    probe: 'pay_unavailable',
    stale: 'pay_unavailable',
    future: 'pay_unavailable',
    unknown_serial: 'pay_unavailable',
    replayed: 'pay_unavailable',
    html: 'pay_unavailable',
    hang: 'pay_timeout',
  }

  it.each(Object.entries(CODES))('The fault %s becomes %s', async (fault, code) => {
    const { outTradeNo } = await placeOrder()
    await press('fail', { api: '/v3/pay/transactions', fault })
    expect((await call('GET', `/payments/${outTradeNo}`)).answer.code).toBe(code)
    expect(await readState(outTradeNo)).toBe('NOTPAY')
  })

  it('The fault RULE_LIMIT of an order becomes payment_refused', async () => {
    await press('fail', { api: '/v3/pay/transactions', fault: 'RULE_LIMIT' })
    expect((await placeOrder()).parameters.code).toBe('payment_refused')
  })

  it('The fault NOT_ENOUGH of a refund becomes balance_too_low', async () => {
    const { outTradeNo } = await buy()
    await press('fail', { api: '/v3/refund/domestic/refunds', fault: 'NOT_ENOUGH' })
    const refund = { outRefundNo: createNumber(), refund: 1, total: 2 }
    const { answer } = await call('POST', `/payments/${outTradeNo}/refunds`, refund)
    expect(answer.code).toBe('balance_too_low')
  })

  it('A refusal that is final does not count where a query says something else', async () => {
    const { outTradeNo } = await placeOrder()
    await press('fail', { api: '/v3/pay/transactions/jsapi', fault: 'ORDER_CLOSED' })
    expect((await placeOrder(outTradeNo)).parameters.code).toBe('pay_unavailable')
    expect((await placeOrder(outTradeNo)).status).toBe(200)
  })
})

describe('the shop of npm run dev', () => {
  it('The shop sells to the user of a token, who alone sees the order', async () => {
    const bought = await call('POST', '/sandbox/shop/orders', {}, token)
    const { outTradeNo, parameters } = bought.answer
    const path = `/sandbox/shop/orders/${outTradeNo}`
    expect((await call('GET', path, undefined, token)).answer).toEqual({
      outTradeNo,
      state: 'unpaid',
    })
    await press('wx.requestPayment', parameters as object)
    expect((await call('GET', path, undefined, token)).answer).toEqual({
      outTradeNo,
      state: 'paid',
    })
    const other = await call('GET', path, undefined, await logIn('bob'))
    expect([other.status, other.answer.code]).toEqual([404, 'not_found'])
  })

  it('Without a session, the shop answers the problem that the client understands', async () => {
    const { status, answer } = await call('POST', '/sandbox/shop/orders', {}, 'no-token')
    expect([status, answer.code, answer.action]).toEqual([401, 'session_invalid', 'login_again'])
  })
})
