/** The sandbox as the WeChat Pay of a payments Worker in another process. */

import { sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevServer, startDev } from '../support/dev-server'
import { APPID, CREDENTIALS, send } from '../support/environment'

let dev: DevServer
beforeAll(async () => {
  dev = await startDev()
})
afterAll(() => dev.stop())

async function press(path: string, body: object) {
  const { status, answer } = await send(new URL(dev.url()), 'POST', `/sandbox/${path}`, { body })
  return { status, answer: answer as Record<string, unknown> }
}

describe('a payments Worker in another process', () => {
  async function fetchSettings(): Promise<Record<string, string>> {
    const response = await fetch(new URL('/sandbox/payment-settings', dev.url()))
    const lines = (await response.text()).trim().split('\n')
    const pairs = lines.map((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? [])
    return Object.fromEntries(pairs.map(([name, value]) => [name, JSON.parse(value ?? '')]))
  }

  async function fetchOpenid(): Promise<unknown> {
    const { code } = (await press('wx.login', {})).answer
    const { WECHAT_APPSECRET: secret } = CREDENTIALS
    const query = `appid=${APPID}&secret=${secret}&js_code=${code}&grant_type=authorization_code`
    const { answer } = await send(new URL(dev.url()), 'GET', `/sns/jscode2session?${query}`)
    return (answer as { openid: string }).openid
  }

  it('The settings for a payments Worker elsewhere are lines of .dev.vars', async () => {
    const { WECHAT_PAY_PRIVATE_KEY, WECHAT_PAY_API_BASE } = await fetchSettings()
    expect(WECHAT_PAY_PRIVATE_KEY).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(WECHAT_PAY_API_BASE).toBe(new URL(dev.url()).origin)
  })

  it('A user pays although the Worker that WeChat Pay calls back cannot be reached', async () => {
    const settings = await fetchSettings()
    const openid = await fetchOpenid()
    const signLines = (...lines: unknown[]) =>
      sign(
        'sha256',
        Buffer.from(lines.map((line) => `${line}\n`).join('')),
        settings.WECHAT_PAY_PRIVATE_KEY ?? '',
      ).toString('base64')

    const outTradeNo = 'ELSEWHERE1'
    const body = JSON.stringify({
      appid: APPID,
      mchid: settings.WECHAT_PAY_MCHID,
      description: '一杯茶',
      out_trade_no: outTradeNo,
      notify_url: 'http://127.0.0.1:1/wechat/pay/events',
      amount: { total: 2, currency: 'CNY' },
      payer: { openid },
    })
    const path = '/v3/pay/transactions/jsapi'
    const now = Math.floor(Date.now() / 1000)
    const parameters = {
      mchid: settings.WECHAT_PAY_MCHID,
      serial_no: settings.WECHAT_PAY_CERT_SERIAL_NO,
      nonce_str: 'nonce',
      timestamp: now,
      signature: signLines('POST', path, now, 'nonce', body),
    }
    const list = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`)
    const placed = await fetch(new URL(path, dev.url()), {
      method: 'POST',
      headers: {
        Authorization: `WECHATPAY2-SHA256-RSA2048 ${list}`,
        'Content-Type': 'application/json',
        'Wechatpay-Serial': settings.WECHAT_PAY_PUBLIC_KEY_ID ?? '',
      },
      body,
    })
    const { prepay_id } = (await placed.json()) as { prepay_id: string }

    const prepay = `prepay_id=${prepay_id}`
    const { answer } = await press('wx.requestPayment', {
      timeStamp: String(now),
      nonceStr: 'nonce',
      package: prepay,
      signType: 'RSA',
      paySign: signLines(APPID, now, 'nonce', prepay),
    })
    expect(answer).toEqual({ errMsg: 'requestPayment:ok' })
    expect((await press('payment-callback', { outTradeNo })).status).toBe(502)
  })
})
