/** The payments Worker as it is deployed, with the login Worker behind it, over HTTP and by RPC. */

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BuiltWorker } from '../support/built-worker'
import { APPID, type Environment, send } from '../support/environment'
import { ODD_TOKENS } from '../support/odd-tokens'
import { PAY_KEY, startPayEnvironment } from '../support/pay-environment'
import { FAULTS } from '../support/upstream'
import { API_V3_KEY, isMerchantSignature } from '../support/wechat-pay'
import { createCallback, sign } from '../support/wechat-pay-api'
import type { WeChatPayServer } from '../support/wechat-pay-server'

const GZIP_LIMIT = 28 * 1024

let payments: BuiltWorker
let login: BuiltWorker
let logIn: Environment['logIn']
let wechatPay: WeChatPayServer
let url: URL
let logs: readonly string[]
let close: () => Promise<void>

beforeAll(async () => {
  ;({ payments, login, logIn, wechatPay, url, logs, close } = await startPayEnvironment())
})
afterAll(() => close())
afterEach(() => expect(wechatPay.violations).toEqual([]))

const request = async (method: string, path: string, body?: object) => {
  const reply = await send(url, method, path, { token: PAY_KEY, ...(body && { body }) })
  return { ...reply, answer: reply.answer as Record<string, unknown> }
}
const rpc = async (method: string, ...args: unknown[]) =>
  (await send(url, 'POST', `/rpc/${method}`, { body: args })).answer as {
    ok: boolean
    error?: { code: string }
  } & Record<string, unknown>

const order = (outTradeNo: string) => ({ outTradeNo, description: '一杯茶', total: 100 })
const known = { appid: APPID, openid: 'oUser' }

/** Delivers a callback as WeChat Pay does. */
async function deliver(type: string, fields: object, more: Record<string, string> = {}) {
  const { headers, body } = await createCallback(type, fields, wechatPay.now())
  const callback = new URL('/wechat/pay/events', url)
  const response = await fetch(callback, { method: 'POST', headers: { ...headers, ...more }, body })
  return { status: response.status, text: await response.text() }
}

describe('the bundles', () => {
  it('the payments bundle is smaller than 28 KiB after gzip, and has only src, hono and valibot', () => {
    expect(gzipSync(payments.code).length).toBeLessThan(GZIP_LIMIT)
    const allowed = /^(src\/(?!sandbox)|node_modules\/(hono|valibot)\/)/
    expect(payments.inputs.filter((input) => !allowed.test(input))).toEqual([])
  })

  it("the settings keep paths, which hold order numbers, and queries out of Cloudflare's logs", () => {
    const settings = readFileSync('src/pay/wrangler.toml', 'utf8')
    expect(settings).toMatch(/^\[observability\]\nenabled = true\nredact_query_string = true$/m)
    expect(settings).toMatch(/^\[observability\.logs\]\nenabled = true\ninvocation_logs = false$/m)
    expect(settings).toMatch(/^\[observability\.traces\]\nenabled = false$/m)
  })

  it('the login bundle has no file and no code of payments', () => {
    expect(login.inputs.filter((input) => input.startsWith('src/pay'))).toEqual([])
    for (const mark of ['WECHATPAY2', 'prepay_id', 'WECHAT_PAY_', 'pay_unavailable']) {
      expect(payments.code).toContain(mark)
      expect(login.code).not.toContain(mark)
    }
  })

  it('the User-Agent names the version of the package', () => {
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(payments.code).toContain(`${name}/${version}`)
  })
})

describe('over HTTP, after a first host that refuses connections', () => {
  it('a user’s token orders, WeChat Pay calls back, and the order can be refunded', async () => {
    const token = await logIn(url, 'alice')
    const placed = await request('POST', '/payments', { token, ...order('HTTP0001') })
    expect(placed.status).toBe(200)
    const { timeStamp, nonceStr, package: prepay, paySign, ...others } = placed.answer
    expect(others).toEqual({ signType: 'RSA' })
    const text = `${APPID}\n${timeStamp}\n${nonceStr}\n${prepay}\n`
    expect(await isMerchantSignature(text, String(paySign))).toBe(true)

    const fields = wechatPay.pay('HTTP0001')
    expect(await deliver('TRANSACTION.SUCCESS', fields)).toEqual({ status: 204, text: '' })
    const events = (await request('GET', '/events')).answer as unknown as { key: string }[]
    const { openid } = fields.payer as { openid: string }
    expect(openid).toMatch(/^o/)
    expect(events.find(({ key }) => key.endsWith('HTTP0001'))).toMatchObject({
      type: 'TRANSACTION.SUCCESS',
      payment: { appid: APPID, openid, total: 100, currency: 'CNY' },
    })
    expect((await request('GET', '/payments/HTTP0001')).answer).toMatchObject({ state: 'SUCCESS' })
    const refund = { outRefundNo: 'R-HTTP0001', refund: 100, total: 100 }
    expect(await request('POST', '/payments/HTTP0001/refunds', refund)).toMatchObject({
      status: 200,
      answer: { status: 'PROCESSING' },
    })
    expect((await request('GET', '/refunds/R-HTTP0001')).status).toBe(200)
  })

  it('a token that has ended is a session_invalid', async () => {
    const { status, headers, answer } = await request('POST', '/payments', {
      token: 'ended',
      ...order('HTTP0002'),
    })
    expect([status, answer.code]).toEqual([401, 'session_invalid'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
  })

  it.each(ODD_TOKENS)(
    'on Workers, %s is answered as on a server',
    async (_, token, status, code) => {
      const { answer, ...reply } = await request('POST', '/payments', {
        token,
        ...order('HTTP0005'),
      })
      expect([reply.status, answer.code]).toEqual([status, code])
    },
  )

  it('a 204 whose signature is over a body closes no order', async () => {
    await request('POST', '/payments', { ...known, ...order('HTTP0003') })
    const signed = await sign('x', wechatPay.now())
    wechatPay.handleNext(({ socket }) => {
      const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 204 No Content\r\n${lines.join('')}Content-Length: 1\r\n\r\nx`)
    })
    expect((await request('POST', '/payments/HTTP0003/close')).status).toBe(502)
    expect((await request('POST', '/payments/HTTP0003/close')).status).toBe(204)
  })

  it('an answer of WeChat Pay that is not complete after five seconds is a pay_timeout', async () => {
    const began = Date.now()
    const asked = [FAULTS.hang, FAULTS.drip].map((fault) => {
      wechatPay.handleNext(fault)
      return request('GET', '/payments/HTTP0004')
    })
    for (const { status, answer } of await Promise.all(asked)) {
      expect([status, answer.code]).toEqual([504, 'pay_timeout'])
    }
    expect(Date.now() - began).toBeLessThan(7000)
  })

  it('a hook in another Worker that throws or hangs makes WeChat Pay call again', async () => {
    for (const number of ['FAILS001', 'HANGS001']) {
      await request('POST', '/payments', { ...known, ...order(number) })
      const { status, text } = await deliver('TRANSACTION.SUCCESS', wechatPay.pay(number))
      expect(status).toBe(503)
      expect(JSON.parse(text)).toEqual({ code: 'FAIL', message: 'Hook unavailable' })
    }
  })

  it('HOOKS without onPayment takes no event, and the log says so', async () => {
    await request('POST', '/payments', { ...known, ...order('NOHOOK01') })
    const fields = wechatPay.pay('NOHOOK01')
    expect(await deliver('TRANSACTION.SUCCESS', fields, { 'X-No-Hook': '1' })).toMatchObject({
      status: 503,
    })
    expect(logs.join()).toContain('neither HOOKS with onPayment nor EVENTS')
  })
})

describe('PaymentService by RPC', () => {
  it('every method gives what HTTP answers, without a service key', async () => {
    const token = await logIn(url, 'bob')
    expect(await rpc('createPayment', { token, ...order('RPC00001') })).toEqual({
      ok: true,
      parameters: expect.objectContaining({ signType: 'RSA', timeStamp: expect.any(String) }),
    })
    expect(await rpc('getPayment', 'RPC00001')).toMatchObject({
      ok: true,
      payment: { outTradeNo: 'RPC00001', state: 'NOTPAY' },
    })
    const refund = { outRefundNo: 'R-RPC00001', refund: 1, total: 100 }
    wechatPay.pay('RPC00001')
    const refunded = { ok: true, refund: { outRefundNo: 'R-RPC00001', outTradeNo: 'RPC00001' } }
    expect(await rpc('createRefund', 'RPC00001', refund)).toMatchObject(refunded)
    expect(await rpc('getRefund', 'R-RPC00001')).toMatchObject(refunded)
    await rpc('createPayment', { ...known, ...order('RPC00002') })
    expect(await rpc('closePayment', 'RPC00002')).toEqual({ ok: true })
  })

  it('methods return problems and throw none, whatever their arguments are', async () => {
    expect(await rpc('createPayment', { token: 'ended', ...order('RPC00003') })).toMatchObject({
      ok: false,
      error: { code: 'session_invalid', status: 401 },
    })
    expect(await rpc('getPayment', 'RPC00009')).toMatchObject({ error: { code: 'order_unknown' } })
    expect(await rpc('getRefund', 'R9')).toMatchObject({ error: { code: 'refund_unknown' } })
    expect(await rpc('closePayment', 'RPC00009')).toMatchObject({
      error: { code: 'order_unknown' },
    })
    for (const method of ['createPayment', 'createRefund', 'closePayment']) {
      expect(await rpc(method, null, 7)).toMatchObject({ error: { code: 'invalid_request' } })
    }
  })

  it('PaymentService exposes no internal method or property', async () => {
    for (const method of ['run', 'env', 'ctx']) {
      expect(await rpc(method, 'x')).toHaveProperty('thrown')
    }
  })
})

describe('the log', () => {
  it('the log has no key, token, number, openid or text of an order', async () => {
    const log = logs.join('\n')
    expect(log).toContain('/payments/:outTradeNo')
    const secrets = [PAY_KEY, API_V3_KEY, 'HTTP0001', 'RPC00001', 'oUser', '一杯茶', 'a secret']
    for (const secret of [...secrets, 'PRIVATE KEY', 'WECHATPAY2', 'prepay_id=', 'paySign']) {
      expect(log).not.toContain(secret)
    }
  })
})
