/** The payments Worker as it is deployed, with the login Worker behind it, over HTTP and by RPC. */

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltWorker, buildPayments, buildProduction } from '../support/built-worker'
import { readyUrl } from '../support/dev-server'
import {
  APPID,
  CREDENTIALS,
  type Environment,
  send,
  startEnvironment,
} from '../support/environment'
import { type MiniflareServer, startMiniflare } from '../support/miniflare'
import { FAULTS } from '../support/upstream'
import {
  API_V3_KEY,
  isMerchantSignature,
  notice,
  PAY_SETTINGS,
  signHeaders,
} from '../support/wechat-pay'
import { startWeChatPay, type WeChatPayServer } from '../support/wechat-pay-server'

const GZIP_LIMIT = 25 * 1024
const KEY = 'p'.repeat(32)

/** The developer's Worker: `/rpc/<method>` calls PaymentService with the JSON body as arguments. */
const CALLER = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/login') return env.LOGIN_HTTP.fetch(request)
    if (pathname === '/events') return env.HOOKS_HTTP.fetch(request)
    if (request.headers.has('X-No-Hook')) return env.NO_HOOK_HTTP.fetch(request)
    if (!pathname.startsWith('/rpc/')) return env.PAY_HTTP.fetch(request)
    try {
      return Response.json((await env.PAY[pathname.slice(5)](...(await request.json()))) ?? null)
    } catch (error) {
      return Response.json({ thrown: error.message }, { status: 500 })
    }
  },
}`

/** The developer's hook, which keeps what it gets, and fails for orders that are named so. */
const HOOKS = `import { WorkerEntrypoint } from 'cloudflare:workers'
const events = []
export default { fetch: () => Response.json(events) }
export class Hooks extends WorkerEntrypoint {
  async onPayment(event) {
    events.push(event)
    if (event.key.includes('FAILS')) throw new Error('a secret')
    if (event.key.includes('HANGS')) await new Promise(() => {})
  }
}`

let payments: BuiltWorker
let login: BuiltWorker
let environment: Environment
let wechatPay: WeChatPayServer
let server: MiniflareServer
const logs: string[] = []

/** Nothing listens on port 1. */
const REFUSING = 'http://127.0.0.1:1'

beforeAll(async () => {
  payments = buildPayments()
  login = buildProduction()
  environment = await startEnvironment()
  wechatPay = await startWeChatPay()
  const apiBase = `${REFUSING},${wechatPay.url}`
  server = await startMiniflare(
    [
      {
        ...{ name: 'caller', code: CALLER },
        services: {
          ...{ PAY_HTTP: 'pay', LOGIN_HTTP: 'login', HOOKS_HTTP: 'hooks' },
          NO_HOOK_HTTP: 'no-hook',
          PAY: { name: 'pay', entrypoint: 'PaymentService' },
        },
      },
      {
        ...{ name: 'pay', code: payments.code },
        bindings: { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: apiBase, SERVICE_KEYS: KEY },
        services: {
          LOGIN: { name: 'login', entrypoint: 'LoginService' },
          HOOKS: { name: 'hooks', entrypoint: 'Hooks' },
        },
      },
      {
        ...{ name: 'login', code: login.code, kvNamespaces: ['SESSIONS'] },
        bindings: { ...CREDENTIALS, WECHAT_API_BASE: environment.upstream.url },
      },
      { name: 'hooks', code: HOOKS },
      {
        ...{ name: 'no-hook', code: payments.code },
        bindings: { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: apiBase },
        // An entrypoint without onPayment.
        services: {
          HOOKS: { name: 'login', entrypoint: 'LoginService' },
        },
      },
    ],
    { onLog: (line) => void logs.push(line) },
  )
})
afterAll(async () => {
  await server.close()
  await wechatPay.close()
  await environment.close()
})
afterEach(() => expect(wechatPay.violations).toEqual([]))

const request = async (method: string, path: string, body?: object) => {
  const reply = await send(server.url, method, path, { token: KEY, ...(body && { body }) })
  return { ...reply, answer: reply.answer as Record<string, unknown> }
}
const rpc = async (method: string, ...args: unknown[]) =>
  (await send(server.url, 'POST', `/rpc/${method}`, { body: args })).answer as {
    ok: boolean
    error?: { code: string }
  } & Record<string, unknown>

const order = (outTradeNo: string) => ({ outTradeNo, description: '一杯茶', total: 100 })
const known = { appid: APPID, openid: 'oUser' }

/** Delivers a callback as WeChat Pay does. */
async function deliver(type: string, fields: object, more: Record<string, string> = {}) {
  const { headers, body } = await notice(type, fields, wechatPay.now())
  const url = new URL('/wechat/pay/events', server.url)
  const response = await fetch(url, { method: 'POST', headers: { ...headers, ...more }, body })
  return { status: response.status, text: await response.text() }
}

describe('the bundles', () => {
  it('the payments bundle is smaller than 25 KiB after gzip, and has only src, hono and valibot', () => {
    expect(gzipSync(payments.code).length).toBeLessThan(GZIP_LIMIT)
    const allowed = /^(src\/(?!sandbox)|node_modules\/(hono|valibot)\/)/
    expect(payments.inputs.filter((input) => !allowed.test(input))).toEqual([])
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
    const token = await environment.logIn(server.url, 'alice')
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
      ...{ status: 200, answer: { status: 'PROCESSING' } },
    })
    expect((await request('GET', '/refunds/R-HTTP0001')).status).toBe(200)
  })

  it('a token that has ended is a session_invalid', async () => {
    const { status, headers, answer } = await request('POST', '/payments', {
      ...{ token: 'ended', ...order('HTTP0002') },
    })
    expect([status, answer.code]).toEqual([401, 'session_invalid'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
  })

  it('a number with | and * goes over the wire as it was signed', async () => {
    expect((await request('POST', '/payments', { ...known, ...order('a|b*c-_') })).status).toBe(200)
    expect((await request('GET', '/payments/a%7Cb*c-_')).status).toBe(200)
    expect((await request('POST', '/payments/a|b*c-_/close')).status).toBe(204)
  })

  it.each(['reset', 'html', 'cut', 'half_closed', 'large', 'empty'] as const)(
    'a failed answer is a pay_unavailable and is not repeated: %s',
    async (fault) => {
      const before = wechatPay.arrived()
      wechatPay.handleNext(FAULTS[fault])
      const { status, answer } = await request('GET', '/payments/FAULT001')
      expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
      expect(wechatPay.arrived() - before).toBe(1)
    },
  )

  it('an answer that is not complete after five seconds is a pay_timeout', async () => {
    const began = Date.now()
    const asked = [FAULTS.hang, FAULTS.drip].map((fault) => {
      wechatPay.handleNext(fault)
      return request('GET', '/payments/FAULT002')
    })
    for (const { status, answer } of await Promise.all(asked)) {
      expect([status, answer.code]).toEqual([504, 'pay_timeout'])
    }
    expect(Date.now() - began).toBeLessThan(7000)
  })

  it('a 204 whose signature is over a body closes no order', async () => {
    await request('POST', '/payments', { ...known, ...order('HTTP0003') })
    const signed = await signHeaders({ body: 'x' }, wechatPay.now())
    wechatPay.handleNext(({ socket }) => {
      const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`HTTP/1.1 204 No Content\r\n${lines.join('')}Content-Length: 1\r\n\r\nx`)
    })
    expect((await request('POST', '/payments/HTTP0003/close')).status).toBe(502)
    expect((await request('POST', '/payments/HTTP0003/close')).status).toBe(204)
  })

  it('a hook in another Worker that throws or hangs makes WeChat Pay call again', async () => {
    for (const number of ['FAILS001', 'HANGS001']) {
      await request('POST', '/payments', { ...known, ...order(number) })
      const { status, text } = await deliver('TRANSACTION.SUCCESS', wechatPay.pay(number))
      expect(status).toBe(503)
      expect(JSON.parse(text)).toEqual({ code: 'FAIL', message: 'Hook unavailable' })
    }
  })

  it('HOOKS without onPayment takes no outcome, and the log says so', async () => {
    await request('POST', '/payments', { ...known, ...order('NOHOOK01') })
    const fields = wechatPay.pay('NOHOOK01')
    expect(await deliver('TRANSACTION.SUCCESS', fields, { 'X-No-Hook': '1' })).toMatchObject({
      ...{ status: 503 },
    })
    expect(logs.join()).toContain('neither HOOKS with onPayment nor EVENTS')
  })

  it('a hundred orders at once each get an argument of their own, and a key of one outcome', async () => {
    const numbers = Array.from({ length: 100 }, (_, index) => `MANY${1000 + index}`)
    const placed = await Promise.all(
      numbers.map((number) => request('POST', '/payments', { ...known, ...order(number) })),
    )
    expect(placed.map(({ status }) => status)).toEqual(numbers.map(() => 200))
    expect(new Set(placed.map(({ answer }) => answer.nonceStr)).size).toBe(100)
    expect(new Set(placed.map(({ answer }) => answer.package)).size).toBe(100)
    const delivered = await Promise.all(
      numbers.map((number) => deliver('TRANSACTION.SUCCESS', wechatPay.pay(number))),
    )
    expect(delivered.map(({ status }) => status)).toEqual(numbers.map(() => 204))
    const events = (await request('GET', '/events')).answer as unknown as { key: string }[]
    const keys = events.map(({ key }) => key).filter((key) => key.includes(':MANY'))
    expect(new Set(keys).size).toBe(100)
  })
})

describe('PaymentService by RPC', () => {
  it('every method gives what HTTP answers, without a service key', async () => {
    const token = await environment.logIn(server.url, 'bob')
    expect(await rpc('createPayment', { token, ...order('RPC00001') })).toEqual({
      ok: true,
      parameters: expect.objectContaining({ signType: 'RSA', timeStamp: expect.any(String) }),
    })
    expect(await rpc('getPayment', 'RPC00001')).toMatchObject({
      ...{ ok: true, payment: { outTradeNo: 'RPC00001', state: 'NOTPAY' } },
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
      ...{ ok: false, error: { code: 'session_invalid', status: 401 } },
    })
    expect(await rpc('getPayment', 'RPC00009')).toMatchObject({ error: { code: 'order_unknown' } })
    expect(await rpc('getRefund', 'R9')).toMatchObject({ error: { code: 'refund_unknown' } })
    for (const method of [
      'createPayment',
      'getPayment',
      'closePayment',
      'createRefund',
      'getRefund',
    ]) {
      for (const args of [[], [null], [7, 7], ['x', 'x'], [{}, {}], ['RPC00009', null]]) {
        if (method !== 'createPayment' && args[1] === null && method !== 'createRefund') continue
        if (method === 'getRefund' && args[0] === 'x') continue
        const { ok, error } = await rpc(method, ...args)
        expect([ok, error?.code]).toEqual([false, 'invalid_request'])
      }
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
    const secrets = [
      KEY,
      API_V3_KEY,
      'HTTP0001',
      'RPC00001',
      'MANY1',
      'oUser',
      '一杯茶',
      'a secret',
    ]
    for (const secret of [...secrets, 'PRIVATE KEY', 'WECHATPAY2', 'prepay_id=', 'paySign']) {
      expect(log).not.toContain(secret)
    }
  })
})

describe('wrangler dev with the configuration of payments, and that of the login behind it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'code2session-pay-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  /** A copy of a configuration with these settings, and secrets beside it: its path. */
  function copyConfig(name: string, config: string, settings: Readonly<Record<string, string>>) {
    const folder = join(dir, name)
    mkdirSync(folder)
    let text = readFileSync(config, 'utf8')
      .replace(/^main = "(.*)"/m, (_, main) => `main = "${resolve(config, '..', main)}"`)
      .replace(/^directory = "(.*)"/m, (_, path) => `directory = "${resolve(path)}"`)
      .replace(/^required = .*$/m, `required = ${JSON.stringify(Object.keys(settings))}`)
    for (const setting of Object.keys(settings)) {
      text = text.replace(new RegExp(`^${setting} = .*$`, 'm'), '')
    }
    writeFileSync(join(folder, 'wrangler.toml'), text)
    const lines = Object.entries(settings).map(([key, value]) => `${key}="${value}"\n`)
    writeFileSync(join(folder, '.dev.vars'), lines.join(''))
    return join(folder, 'wrangler.toml')
  }

  it('an order goes through, and the login Worker knows that a token has ended', async () => {
    const pay = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: wechatPay.url, SERVICE_KEYS: KEY }
    const configs = [
      copyConfig('pay', 'src/pay/wrangler.toml', pay),
      copyConfig('login', 'wrangler.toml', CREDENTIALS),
    ]
    const wrangler = [
      '--env-file=test/wrangler.env',
      'node_modules/wrangler/bin/wrangler.js',
      'dev',
    ]
    const ports = ['--port', '0', '--inspector-port', '0', '--persist-to', join(dir, 'state')]
    const args = [...wrangler, ...configs.flatMap((config) => ['-c', config]), ...ports]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      const url = new URL(await readyUrl(child))
      const place = (body: object) => send(url, 'POST', '/payments', { token: KEY, body })
      expect((await place({ ...known, ...order('DEV00001') })).status).toBe(200)
      expect(await place({ token: 'ended', ...order('DEV00002') })).toMatchObject({
        ...{ status: 401, answer: { code: 'session_invalid' } },
      })
      const { headers, body } = await notice('SECURITY_ECHO.SUCCESS', {}, wechatPay.now())
      const callback = new URL('/wechat/pay/events', url)
      expect((await fetch(callback, { method: 'POST', headers, body })).status).toBe(204)
    } finally {
      child.kill()
      await ended
    }
  })
})
