/** Payments as a process of their own, beside the server of the login. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  APPID,
  CREDENTIALS,
  type Environment,
  send,
  startEnvironment,
} from '../support/environment'
import { ODD_TOKENS } from '../support/odd-tokens'
import { runServer, startServer, type TestServer } from '../support/server'
import { isMerchantSignature, PAY_SETTINGS } from '../support/wechat-pay'
import { startWeChatPay, type WeChatPayServer } from '../support/wechat-pay-server'

const PAY_KEY = 'p'.repeat(32)
const LOGIN_KEY = 's'.repeat(32)
/** Of no session, in the form of one's token. */
const TOKEN = `${'a'.repeat(43)}.${'b'.repeat(64)}`
const order = (outTradeNo: string) => ({ outTradeNo, description: '一杯茶', total: 100 })

let environment: Environment
let wechatPay: WeChatPayServer
let login: TestServer
let payments: TestServer

/** The settings of the payments server, with the login server at this address. */
const settings = (more: Record<string, string> = {}) => ({
  ...PAY_SETTINGS,
  WECHAT_PAY_API_BASE: wechatPay.url,
  SERVICE_KEYS: PAY_KEY,
  LOGIN_URL: login.url.href,
  LOGIN_SERVICE_KEY: LOGIN_KEY,
  EVENTS: ' ',
  ...more,
})

beforeAll(async () => {
  environment = await startEnvironment()
  wechatPay = await startWeChatPay()
  const env = {
    ...CREDENTIALS,
    WECHAT_API_BASE: environment.upstream.url,
    SERVICE_KEYS: LOGIN_KEY,
  }
  login = await startServer({ env })
  payments = await startServer({ env: settings(), kind: 'payments' })
})
afterAll(async () => {
  await payments.close()
  await login.close()
  await wechatPay.close()
  await environment.close()
})
afterEach(() => expect(wechatPay.violations).toEqual([]))

const pay = (url: URL, body: object) => send(url, 'POST', '/payments', { token: PAY_KEY, body })

describe('npm run serve:pay', () => {
  it('the payments server says where it listens', () => {
    expect(payments.output()).toMatch(
      /^code2session-pay \d+\.\d+\.\d+ on http:\/\/127\.0\.0\.1:\d+\n/,
    )
  })

  it('a user of the login server places an order with a token', async () => {
    const token = await environment.logIn(login.url)
    const { status, answer } = await pay(payments.url, { token, ...order('SERVER0001') })
    expect(status).toBe(200)
    const { timeStamp, nonceStr, package: prepay, paySign } = answer as Record<string, string>
    const text = `${APPID}\n${timeStamp}\n${nonceStr}\n${prepay}\n`
    expect(await isMerchantSignature(text, paySign ?? '')).toBe(true)
  })

  it('a token that has ended is session_invalid', async () => {
    expect(await pay(payments.url, { token: TOKEN, ...order('SERVER0002') })).toMatchObject({
      status: 401,
      answer: { code: 'session_invalid' },
    })
  })

  it.each(ODD_TOKENS)(
    'on a server, %s is answered as on Workers',
    async (_, token, status, code) => {
      const answer = await pay(payments.url, { token, ...order('SERVER0004') })
      expect(answer).toMatchObject({ status, answer: { code } })
    },
  )

  it.each([
    ['LOGIN_URL', { LOGIN_URL: 'http://127.0.0.1:1' }, 503, 'store_unavailable'],
    ['LOGIN_SERVICE_KEY', { LOGIN_SERVICE_KEY: 'x'.repeat(32) }, 500, 'misconfigured'],
  ])('the log names %s where it is wrong', async (name, wrong, status, code) => {
    const server = await startServer({ env: settings(wrong), kind: 'payments' })
    const answer = await pay(server.url, { token: TOKEN, ...order('SERVER0003') })
    await server.close()
    expect(answer).toMatchObject({ status, answer: { code } })
    expect(server.output()).toContain(`${name} of the server`)
  })

  it.each([
    [{ WECHAT_PAY_MCHID: '' }, 'WECHAT_PAY_MCHID is missing'],
    [{ LOGIN_URL: 'http://login.example.com' }, 'LOGIN_URL must be an https URL'],
    [{ EVENTS: 'events', STORE: 'sqlite:pay.db' }, 'EVENTS names a Redis stream'],
    [{ HOOKS: './missing.mjs' }, 'HOOKS: ./missing.mjs does not load'],
    [
      { HOST: '192.0.2.1', PORT: '' },
      'HOST, PORT: listen EADDRNOTAVAIL: address not available 192.0.2.1:8788',
    ],
  ])('a payments server with %j ends with 1 and says: %s', async (wrong, text) => {
    const { code, fault } = await runServer({ env: settings(wrong), kind: 'payments' })
    expect([code, fault.slice(0, text.length)]).toEqual([1, text])
  })
})
