/** Orders: placed, queried, closed, against a WeChat Pay that verifies every request. */

import { describe, expect, it } from 'vitest'
import { APPID, OPENID, PAY_SERVICE_KEY, type PayApp, usePayApp } from '../support/pay-app'
import {
  type Answer,
  API_V3_KEY,
  isMerchantSignature,
  MCHID,
  MERCHANT,
  NOTIFY_URL,
  PLATFORM,
} from '../support/wechat-pay'
import { ok, refusal, type Tamper } from '../support/wechat-pay-api'
import vectors from '../support/wechat-pay-vectors.json'

const app = usePayApp()

const NUMBER = 'A00001'
const order = {
  ...{ appid: APPID, openid: OPENID, outTradeNo: NUMBER },
  ...{ description: '一杯茶', total: 100 },
}
const place = (fields: object = {}) => app.send('POST', '/payments', { ...order, ...fields })
/** JSON has escapes for what a test's name cannot hold. */
const toName = (fields: object) => JSON.stringify(fields).slice(0, 50)
const at = (seconds: number) => new Date((app.clock.now + seconds) * 1000).toISOString()

describe('POST /payments', () => {
  it('an order gives exactly the argument of wx.requestPayment, signed by the merchant', async () => {
    const { status, headers, answer } = await place()
    expect(status).toBe(200)
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(answer).toEqual({
      timeStamp: String(app.clock.now),
      nonceStr: expect.stringMatching(/^[\da-f]{32}$/),
      package: expect.stringMatching(/^prepay_id=wx\d{34}$/),
      signType: 'RSA',
      paySign: expect.any(String),
    })
    const { timeStamp, nonceStr, package: prepay, paySign } = answer
    const text = `${APPID}\n${timeStamp}\n${nonceStr}\n${prepay}\n`
    expect(await isMerchantSignature(text, String(paySign))).toBe(true)
  })

  it('WeChat Pay gets the order with our mchid and callback, and nothing else', async () => {
    const expiresAt = '2026-09-22T01:00:00+09:00'
    await place({ attach: 'shop 1', expiresAt, goodsTag: 'TEA', unknown: 'x' })
    expect(JSON.parse(app.pay.requests[0]?.body ?? '')).toEqual({
      ...{ appid: APPID, mchid: MCHID, description: '一杯茶', out_trade_no: NUMBER },
      ...{ time_expire: '2026-09-22T00:00:00+08:00', attach: 'shop 1', goods_tag: 'TEA' },
      ...{ notify_url: NOTIFY_URL, amount: { total: 100, currency: 'CNY' } },
      payer: { openid: OPENID },
    })
  })

  it('the same order repeats byte for byte, newly signed, and the time may have another zone', async () => {
    const first = await place({ expiresAt: '2026-09-22T00:00:00+08:00' })
    app.clock.now += 5
    const second = await place({ expiresAt: '2026-09-21T16:00:00.000Z' })
    expect([first.status, second.status]).toEqual([200, 200])
    const [one, two] = app.pay.requests
    expect(two?.body).toBe(one?.body)
    expect(two?.authorization.nonce_str).not.toBe(one?.authorization.nonce_str)
    expect(second.answer.nonceStr).not.toBe(first.answer.nonceStr)
  })

  it('a number that has another order, a paid one or a closed one is refused as such', async () => {
    await place()
    expect(await place({ total: 101 })).toMatchObject({
      status: 409,
      answer: { code: 'order_exists' },
    })
    app.pay.pay(NUMBER)
    expect(await place()).toMatchObject({ status: 409, answer: { code: 'order_paid' } })
    await place({ outTradeNo: 'B00001' })
    await app.send('POST', '/payments/B00001/close')
    const closed = await place({ outTradeNo: 'B00001' })
    expect(closed).toMatchObject({ status: 409, answer: { code: 'order_closed' } })
  })

  const texts = (field: string, max: number) =>
    [
      [{ [field]: 'x'.repeat(max) }, null],
      [{ [field]: '茶'.repeat(max) }, null],
      [{ [field]: 'x'.repeat(max + 1) }, field],
      [{ [field]: '' }, field],
      [{ [field]: 7 }, field],
      [{ [field]: null }, field],
      [{ [field]: '🍵' }, field],
      [{ [field]: '\ud83c' }, field],
      [{ [field]: 'a\nb' }, field],
      [{ [field]: 'a\u0000' }, field],
      [{ [field]: '\u001f' }, field],
      [{ [field]: '\uffff \ue000 "\\/' }, null],
    ] as const

  const limits: readonly (readonly [Record<string, unknown>, string | null])[] = [
    ...texts('description', 127),
    ...texts('attach', 128),
    ...texts('goodsTag', 32),
    ...texts('appid', 32),
    ...texts('openid', 128),
    [{ total: 1 }, null],
    [{ total: 2 ** 31 - 1 }, null],
    [{ total: 2 ** 31 }, 'total'],
    [{ total: 0 }, 'total'],
    [{ total: -1 }, 'total'],
    [{ total: 1.5 }, 'total'],
    [{ total: 19.9 * 100 }, 'total'],
    [{ total: '100' }, 'total'],
    [{ total: undefined }, 'total'],
    [{ outTradeNo: 'aZ09_-*|'.repeat(4) }, null],
    [{ outTradeNo: '123456' }, null],
    [{ outTradeNo: '12345' }, 'outTradeNo'],
    [{ outTradeNo: 'x'.repeat(33) }, 'outTradeNo'],
    [{ outTradeNo: 'A0000@' }, 'outTradeNo'],
    [{ outTradeNo: 'A00001\n' }, 'outTradeNo'],
    [{ outTradeNo: '订单000001' }, 'outTradeNo'],
    [{ outTradeNo: 123456 }, 'outTradeNo'],
    [{ description: undefined }, 'description'],
  ]
  it.each(limits.map(([fields, path]) => [toName(fields), fields, path] as const))(
    'the limits of fields hold, and what is refused never reaches WeChat Pay: %s',
    async (_, fields, path) => {
      const { status, answer } = await place(fields)
      expect(status).toBe(path === null ? 200 : 400)
      if (path === null) return
      expect(answer.errors?.map((error) => error.path)).toEqual([path])
      expect(app.pay.requests).toEqual([])
      const [value] = Object.values(fields)
      if (typeof value === 'string' && value.length > 8) {
        expect(JSON.stringify([answer, app.log])).not.toContain(value)
      }
    },
  )

  it.each([
    [60, 200],
    [59, 400],
    [604_800, 200],
    [604_801, 400],
    [-60, 400],
  ])('an order may expire %d seconds ahead: %d', async (seconds, status) => {
    expect((await place({ expiresAt: at(seconds) })).status).toBe(status)
  })

  it.each([
    '2026-09-21T17:00:00Z',
    '2026-09-21T17:00Z',
    '2026-09-22T01:00:00.123+08:00',
    '2026-09-22T01:00:00+0800',
  ])('expiresAt is ISO 8601 with a zone: %s', async (expiresAt) => {
    const { status } = await place({ expiresAt })
    expect(status).toBe(200)
    expect(app.pay.requests[0]?.body).toContain('"time_expire":"2026-09-22T01:00:00+08:00"')
  })

  it.each([
    ...['2026-09-21T17:00:00', '2026-09-21', '21 Sep 2026 17:00 GMT', '1790010000', 1790010000],
    ...['2026-09-31T17:00:00Z', '2026-09-21T25:00:00Z', '2026-09-21T17:60:00Z', '', null],
    ...['+002026-09-21T17:00:00Z', '2026-09-21T17:00:00Z\n', '2026-09-21T17:00:00+99:99'],
  ])('expiresAt of another form is refused: %o', async (expiresAt) => {
    const { status, answer } = await place({ expiresAt })
    expect([status, answer.errors?.[0]?.path]).toEqual([400, 'expiresAt'])
  })

  it('expiresAt is a day that exists: not September 31', async () => {
    app.clock.now = Date.parse('2026-09-29T00:00:00Z') / 1000
    expect((await place({ expiresAt: '2026-09-31T00:00:00Z' })).status).toBe(400)
    expect((await place({ expiresAt: '2026-13-01T00:00:00Z' })).status).toBe(400)
    expect((await place({ expiresAt: '2026-09-30T24:00:00Z' })).status).toBe(200)
  })

  it.each([
    [{ token: 't' }, ['token']],
    [{ token: '' }, ['token']],
    [{ openid: undefined }, ['openid']],
    [{ appid: undefined }, ['appid']],
    [{ openid: undefined, appid: undefined }, ['token']],
    [{ token: 't', openid: undefined }, ['token', 'openid']],
    [{ token: 7, openid: undefined, appid: undefined }, ['token']],
  ])('a payer is a token, or appid and openid, and not both: %o', async (fields, paths) => {
    const { status, answer } = await place(fields)
    expect([status, answer.errors?.map(({ path }) => path)]).toEqual([400, paths])
    expect(app.pay.requests).toEqual([])
  })

  it('all wrong fields are named at once', async () => {
    const { answer } = await app.send('POST', '/payments', { outTradeNo: '1', total: '1' })
    const paths = answer.errors?.map(({ path }) => path)
    expect(paths).toEqual(['outTradeNo', 'description', 'total'])
  })

  it('a body that is no JSON object, or too large, is refused', async () => {
    expect((await app.send('POST', '/payments', [])).status).toBe(400)
    expect((await app.send('POST', '/payments', { x: 'x'.repeat(65_536) })).status).toBe(413)
    const headers = { Authorization: `Bearer ${PAY_SERVICE_KEY}` }
    const init = { method: 'POST', headers, body: JSON.stringify(order) }
    expect((await app.receive('/payments', init)).status).toBe(415)
  })
})

describe('the payer of a token', () => {
  const useLogin = (verify: (token: string) => unknown) =>
    app.replace({
      settings: { LOGIN: { fetch: () => null, verify: async (t: string) => verify(t) } },
    })
  const byToken = { appid: undefined, openid: undefined, token: 'a token' }

  it('the session of a token names appid and openid', async () => {
    useLogin((token) => ({ ok: token === 'a token', session: { appid: APPID, openid: OPENID } }))
    const { status, answer } = await place(byToken)
    expect(status).toBe(200)
    expect(JSON.parse(app.pay.requests[0]?.body ?? '')).toMatchObject({
      ...{ appid: APPID, payer: { openid: OPENID } },
    })
    const text = `${APPID}\n${answer.timeStamp}\n${answer.nonceStr}\n${answer.package}\n`
    expect(await isMerchantSignature(text, String(answer.paySign))).toBe(true)
  })

  it('a token without a session is a session_invalid whose challenge names no error', async () => {
    useLogin(() => ({ ok: false, error: { code: 'session_invalid', status: 401 } }))
    const { status, headers, answer } = await place(byToken)
    expect([status, answer.code]).toEqual([401, 'session_invalid'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
    expect(app.pay.requests).toEqual([])
  })

  it('a login Worker that is down or cannot tell is a store_unavailable', async () => {
    useLogin(() => {
      throw new Error('down, with a secret')
    })
    expect(await place(byToken)).toMatchObject({
      status: 503,
      answer: { code: 'store_unavailable', action: 'retry_later' },
    })
    expect(app.log[0]).not.toContain('secret')
    useLogin(() => ({ ok: false, error: { code: 'store_unavailable' } }))
    expect((await place(byToken)).status).toBe(503)
    expect(app.pay.requests).toEqual([])
  })

  it('a login Worker that does not answer in time is a store_unavailable', async () => {
    useLogin(() => {
      app.deadlines[0]?.end()
      return new Promise(() => {})
    })
    expect((await place(byToken)).status).toBe(503)
  })

  it('a token without LOGIN is misconfigured, and the log says so', async () => {
    expect(await place(byToken)).toMatchObject({ status: 500, answer: { code: 'misconfigured' } })
    expect(app.log[0]).toContain('LOGIN is missing')
  })
})

describe('the service key', () => {
  it.each([
    ['POST', '/payments'],
    ['GET', '/payments/A00001'],
    ['POST', '/payments/A00001/close'],
    ['POST', '/payments/A00001/refunds'],
    ['GET', '/refunds/R1'],
  ])('%s %s needs a service key', async (method, path) => {
    for (const [key, code] of [
      [null, 'service_key_required'],
      ['x'.repeat(32), 'service_key_invalid'],
    ] as const) {
      const { status, headers, answer } = await app.send(method, path, undefined, key)
      expect([status, answer.code]).toEqual([401, code])
      expect(headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
    }
    expect(app.pay.requests).toEqual([])
  })

  it('a method that a path does not have is a 405, and a path with a slash at its end a 404', async () => {
    expect((await app.send('DELETE', '/payments/A00001')).status).toBe(405)
    expect((await app.send('GET', '/payments/A00001/')).status).toBe(404)
    expect((await app.send('GET', '/wechat/pay/events')).status).toBe(405)
  })
})

describe('GET /payments/:outTradeNo', () => {
  it('an order that is not paid has no payer yet, and a paid one has all', async () => {
    await place({ attach: 'shop 1' })
    const path = `/payments/${NUMBER}`
    expect(await app.send('GET', path)).toMatchObject({
      status: 200,
      answer: { outTradeNo: NUMBER, state: 'NOTPAY', appid: APPID, attach: 'shop 1' },
    })
    app.pay.pay(NUMBER)
    expect((await app.send('GET', path)).answer).toEqual({
      ...{ outTradeNo: NUMBER, state: 'SUCCESS', appid: APPID, openid: OPENID },
      ...{ total: 100, payerTotal: 99, currency: 'CNY', attach: 'shop 1' },
      ...{ transactionId: `4200${NUMBER}`, paidAt: '2026-11-21T10:00:00.000Z' },
    })
  })

  it.each([
    ['no amount', {}, {}],
    ['an amount', { amount: { total: 100, currency: 'CNY' } }, { total: 100, currency: 'CNY' }],
    ['half an amount', { amount: { payer_currency: 'CNY' }, payer: {} }, {}],
    ['empty texts', { transaction_id: '', success_time: '', payer: { openid: '' } }, {}],
  ])(
    'an order that is not paid has an amount where WeChat Pay gives one: %s',
    async (_, fields, expected) => {
      await place()
      app.pay.next(() => ok({ ...app.pay.toTransaction(NUMBER), ...fields }))
      const { answer } = await app.send('GET', `/payments/${NUMBER}`)
      const known = { outTradeNo: NUMBER, state: 'NOTPAY', appid: APPID }
      expect(answer).toEqual({ ...known, ...expected })
    },
  )

  it('an order that WeChat Pay does not know is an order_unknown', async () => {
    const { status, answer } = await app.send('GET', '/payments/A00009')
    expect([status, answer.code]).toEqual([404, 'order_unknown'])
  })

  it('a number with | and * is signed as it goes over the wire', async () => {
    await place({ outTradeNo: 'a|b*c-_' })
    expect((await app.send('GET', '/payments/a%7Cb*c-_')).status).toBe(200)
    expect((await app.send('GET', '/payments/a|b%2Ac-_')).status).toBe(200)
    expect(app.pay.requests[1]?.target).toBe(
      `/v3/pay/transactions/out-trade-no/a%7Cb*c-_?mchid=${MCHID}`,
    )
    expect((await app.send('POST', '/payments/a%7Cb*c-_/close')).status).toBe(204)
  })

  it.each(['12345', 'a%2Fb%2Fc%2Fd', 'A0000%0A1', '%E8%AE%A2%E5%8D%95', 'A0000%', '......'])(
    'a number of another form is refused before WeChat Pay is asked: %s',
    async (number) => {
      const { status, answer } = await app.send('GET', `/payments/${number}`)
      expect([status, answer.errors?.[0]?.path]).toEqual([400, 'outTradeNo'])
      expect(app.pay.requests).toEqual([])
    },
  )

  it.each([
    { mchid: '1900000001' },
    { mchid: undefined },
    { out_trade_no: 'A00002' },
    { out_trade_no: undefined },
    { trade_state: undefined },
  ])('a signed answer about something else is not believed: %o', async (other) => {
    await place()
    app.pay.next(() => ok({ ...app.pay.pay(NUMBER), ...other }))
    const { status, answer } = await app.send('GET', `/payments/${NUMBER}`)
    expect([status, answer.code, answer.action]).toEqual([502, 'pay_unavailable', 'retry_later'])
  })
})

describe('POST /payments/:outTradeNo/close', () => {
  it('an order can be closed, and closed again', async () => {
    await place()
    for (let i = 0; i < 2; i++) {
      expect(await app.send('POST', `/payments/${NUMBER}/close`)).toMatchObject({
        ...{ status: 204, answer: null },
      })
    }
  })

  it('an order that is paid or unknown is not closed', async () => {
    await place()
    app.pay.pay(NUMBER)
    expect((await app.send('POST', `/payments/${NUMBER}/close`)).answer.code).toBe('order_paid')
    expect((await app.send('POST', '/payments/A00009/close')).answer.code).toBe('order_unknown')
  })

  it('a signed 200, which may be an answer to a query, closes no order', async () => {
    await place()
    app.pay.next(() => ok(app.pay.toTransaction(NUMBER)))
    const { status, answer } = await app.send('POST', `/payments/${NUMBER}/close`)
    expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
    app.pay.next(() => ok({}))
    expect((await app.send('POST', `/payments/${NUMBER}/close`)).status).toBe(502)
  })
})

describe('refusals of WeChat Pay', () => {
  const codes = [
    ...[['PARAM_ERROR', 400, 'invalid_request', 400] as const],
    ['INVALID_REQUEST', 400, 'invalid_request', 400],
    ['APPID_MCHID_NOT_MATCH', 400, 'misconfigured', 500],
    ['MCH_NOT_EXISTS', 400, 'misconfigured', 500],
    ['ORDER_CLOSED', 400, 'order_closed', 409],
    ['ORDER_PAID', 400, 'order_paid', 409],
    ['ORDER_PAID', 403, 'order_paid', 409],
    ['OUT_TRADE_NO_USED', 403, 'order_exists', 409],
    ['SIGN_ERROR', 401, 'misconfigured', 500],
    ['NO_AUTH', 403, 'misconfigured', 500],
    ['RULE_LIMIT', 403, 'payment_refused', 403],
    ['TRADE_ERROR', 403, 'payment_refused', 403],
    ['ACCOUNT_ERROR', 403, 'payment_refused', 403],
    ['USER_ACCOUNT_ABNORMAL', 403, 'payment_refused', 403],
    ['ORDER_NOT_EXIST', 404, 'order_unknown', 404],
    ['FREQUENCY_LIMITED', 429, 'rate_limited', 429],
    ['FREQUENCY_LIMIT', 429, 'rate_limited', 429],
    ['RATELIMIT_EXCEEDED', 429, 'rate_limited', 429],
    ['SYSTEM_ERROR', 500, 'pay_unavailable', 502],
    ['BANK_ERROR', 500, 'pay_unavailable', 502],
    ['SERVICE_UNAVAILABLE', 503, 'pay_unavailable', 502],
    ['OPENID_MISMATCH', 500, 'invalid_request', 400],
    ['INVALID_TRANSACTIONID', 500, 'invalid_request', 400],
    ['A_NEW_CODE', 429, 'rate_limited', 429],
    ['A_NEW_CODE', 401, 'misconfigured', 500],
    ['A_NEW_CODE', 403, 'pay_unavailable', 502],
  ] as const
  const actions: Record<string, string> = {
    ...{ pay_unavailable: 'retry_later', pay_timeout: 'retry_later', rate_limited: 'retry_later' },
  }

  it.each(codes)(
    '%s with status %d is a %s, spelled with and without underscores',
    async (wechat, seen, code, status) => {
      for (const spelled of [wechat, wechat.replaceAll('_', '')]) {
        app.pay.next(() => refusal(seen, spelled, '一段文字 with a secret'))
        const { status: got, answer } = await place()
        expect([got, answer.code]).toEqual([status, code])
        if (actions[code]) expect(answer.action).toBe(actions[code])
        const line = app.log.at(-1) ?? ''
        expect(line).toContain(spelled)
        expect(line).toContain('08F78BC2A80610D305189E8CDB5020A8EDC-268435461')
        if (code === 'misconfigured') expect(line).toContain('"settings":[')
        expect(JSON.stringify([answer, line])).not.toMatch(/secret|文字/)
      }
      expect(app.pay.requests).toHaveLength(2)
    },
  )

  it.each(['201 商户订单号重复', '订单重入，参数不一致'])(
    'a refusal that names a repeated number is an order_exists: %s',
    async (message) => {
      for (const code of ['INVALID_REQUEST', 'PARAM_ERROR']) {
        app.pay.next(() => refusal(400, code, message))
        const { status, answer } = await place()
        expect([status, answer.code]).toEqual([409, 'order_exists'])
        expect(answer.detail).toMatch(/^This outTradeNo /)
      }
    },
  )

  it.each([
    [{ field: '/amount/total', value: 'secret', issue: 'x' }, 'total'],
    [{ field: '/body/payer/openid', value: 'secret' }, 'openid'],
    [{ detail: { field: '/body/time_expire', value: 'secret' } }, 'expiresAt'],
    [{ field: '/body/secret' }, ''],
    [{ field: 'constructor' }, ''],
    [{ field: 7 }, ''],
    [undefined, ''],
  ])('the field of a refusal is named and its value never: %o', async (detail, path) => {
    app.pay.next(() => refusal(400, 'PARAM_ERROR', 'secret', detail))
    const { answer } = await place()
    expect(answer.errors).toEqual([{ path, message: 'WeChat Pay refuses this value' }])
    expect(JSON.stringify([answer, app.log])).not.toContain('secret')
  })
})

describe('problems that the login Worker has as well', () => {
  it.each(['mchid', 'notify_url'])(
    'a refusal of %s, which no caller has sent, names the setting in the log',
    async (name) => {
      const detail = { field: `/body/${name}`, value: 'secret' }
      app.pay.next(() => refusal(400, 'PARAM_ERROR', 'a text', detail))
      const { status, answer } = await place()
      expect([status, answer.errors?.[0]?.path]).toEqual([400, ''])
      const setting = `WECHAT_PAY_${name.toUpperCase()}`
      expect(JSON.parse(app.log[0] ?? '').settings).toEqual([`${setting} is refused by WeChat Pay`])
      expect(app.log[0]).not.toContain('secret')
    },
  )

  it('rate_limited is about the merchant, and keeps the number', async () => {
    app.pay.next(() => refusal(429, 'FREQUENCY_LIMITED', 'a text'))
    const { answer, headers } = await place()
    expect(answer.detail).toContain('how often a merchant may')
    expect(headers.get('Retry-After')).toBe('60')
  })

  it('not_found names no page, since this Worker has none', async () => {
    for (const path of ['/docs', '/payments/', '/payments/A00001/', '/Payments']) {
      const { status, answer } = await app.send('GET', path)
      expect([status, answer.code]).toEqual([404, 'not_found'])
      expect(answer.detail).not.toContain('docs')
    }
  })
})

describe('answers that cannot be believed', () => {
  const [probe] = vectors.generated.inbound_negatives
  const published = vectors.published.find(({ kind }) => kind === 'must-refuse')
  const with_ =
    (change: Partial<Answer>): Tamper =>
    (answer) => ({ ...answer, ...change })
  const tampers: Record<string, Tamper> = {
    'no signature': with_({ isSigned: false }),
    'the signature of another key': with_({ privateKey: MERCHANT.private_pkcs8_pem }),
    'a signature 301 s old': (answer) => ({ ...answer, timestamp: app.clock.now - 301 }),
    'a signature 301 s ahead': (answer) => ({ ...answer, timestamp: app.clock.now + 301 }),
    'an unknown serial': with_({ serial: 'PUB_KEY_ID_9' }),
    'a serial that objects have': with_({ serial: 'constructor' }),
    'a probe': with_({ signature: probe?.headers['Wechatpay-Signature'] ?? '' }),
    'a probe of 256 bytes': with_({ signature: published?.signature ?? '' }),
    'another signature type': with_({ headers: { 'Wechatpay-Signature-Type': 'SM2' } }),
    'the status 202': with_({ status: 202 }),
    'the status 201': with_({ status: 201 }),
    'an HTML 502': () => ({ status: 502, body: '<html>', isSigned: false }),
    'an empty 404': () => ({ status: 404, body: '', isSigned: false }),
    'a redirect': () => ({
      ...{ status: 302, body: '', isSigned: false },
      headers: { Location: 'https://evil.example/' },
    }),
    'a body of 64 KiB and a byte': () => ok({ prepay_id: 'x'.repeat(65_536) }),
    'no prepay_id': () => ok({ prepayId: 'x' }),
    'an empty prepay_id': () => ok({ prepay_id: '' }),
    'a prepay_id that is no text': () => ok({ prepay_id: 7 }),
    'an array': () => ok([]),
    'no JSON': () => ({ status: 200, body: 'prepay_id' }),
    'a signed 204': () => ({ status: 204, body: '' }),
  }

  it.each(Object.entries(tampers))(
    'an order is unknown, and not repeated, after %s',
    async (_, tamper) => {
      app.pay.next(tamper)
      const { status, headers, answer } = await place()
      expect([status, answer.code, answer.action]).toEqual([502, 'pay_unavailable', 'retry_later'])
      expect(headers.get('Retry-After')).toBe('5')
      expect(app.pay.requests).toHaveLength(1)
    },
  )

  it('an answer 300 s old or ahead is believed', async () => {
    for (const seconds of [-300, 300]) {
      app.pay.next((answer) => ({ ...answer, timestamp: app.clock.now + seconds }))
      expect((await place()).status).toBe(200)
    }
  })

  it('a body that was touched is not believed, by as little as a space', async () => {
    await place()
    app.pay.next(async (answer) => ({
      ...answer,
      ...(await signedAs(answer, app)),
      body: `${answer.body} `,
    }))
    expect((await app.send('GET', `/payments/${NUMBER}`)).status).toBe(502)
  })
})

/** The headers that sign this answer, as fixed ones. */
async function signedAs(answer: Answer, { clock }: Pick<PayApp, 'clock'>) {
  const { signHeaders } = await import('../support/wechat-pay')
  return { headers: await signHeaders(answer, clock.now), isSigned: false }
}

describe('connections', () => {
  const MAIN = 'api.mch.weixin.qq.com'
  const SECOND = 'api2.mch.weixin.qq.com'

  it('the second host is not asked while the first one answers, whatever it says', async () => {
    app.pay.next(() => refusal(500, 'SYSTEM_ERROR', ''))
    await place()
    await place()
    expect(app.pay.requests.map(({ host }) => host)).toEqual([MAIN, MAIN])
  })

  it('if the first host accepts no connection, the second gets the order, and the first nothing', async () => {
    app.replace({ down: [MAIN] })
    expect((await place()).status).toBe(200)
    expect(app.pay.requests.map(({ host }) => host)).toEqual([SECOND])
    expect(app.probed).toEqual([MAIN])
  })

  it('a host that is passed over is logged once, without its name', async () => {
    app.replace({ down: [MAIN] })
    for (let i = 0; i < 2; i++) {
      await place()
      app.clock.now += 31
    }
    const lines = app.log.filter((line) => line.includes('passed over'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('WECHAT_PAY_API_BASE: host 1 of 2')
    expect(app.log.join()).not.toContain('weixin')
  })

  it('a host that has answered is not probed again for 30 seconds', async () => {
    await place()
    await place()
    app.clock.now += 29
    await place()
    expect(app.probed).toEqual([MAIN])
    app.clock.now += 30
    await place()
    expect(app.probed).toEqual([MAIN, MAIN])
  })

  it('a request that may have arrived is sent to no other host, and the next one is probed first', async () => {
    await place()
    app.pay.next(() => {
      throw new TypeError('Network connection lost.')
    })
    expect(await place()).toMatchObject({ status: 502, answer: { code: 'pay_unavailable' } })
    expect(app.pay.requests.map(({ host }) => host)).toEqual([MAIN, MAIN])
    expect(app.log[1]).toContain('the connection failed')
    await place()
    expect(app.probed).toEqual([MAIN, MAIN])
    const bodies = app.pay.requests.map(({ body }) => body)
    expect(new Set(bodies).size).toBe(1)
  })

  it('an order whose time is over before a host is found is sent to none', async () => {
    app.replace({ down: [MAIN], onProbe: () => app.deadlines[0]?.end() })
    const { status, answer } = await place()
    expect([status, answer.code]).toEqual([504, 'pay_timeout'])
    await place({ outTradeNo: 'B00001' })
    const numbers = app.pay.requests.map(({ body }) => JSON.parse(body).out_trade_no)
    expect(numbers).toEqual(['B00001'])
  })

  it('if no host accepts a connection, the outcome is unknown', async () => {
    app.replace({ down: [MAIN, SECOND] })
    const { status, answer } = await place()
    expect([status, answer.code]).toEqual([502, 'pay_unavailable'])
    expect(app.probed).toEqual([MAIN])
    expect(app.log.at(-1)).toContain('the connection failed')
  })

  it('an answer that does not come in 5 seconds is a pay_timeout, and no host is asked again', async () => {
    app.pay.next(() => {
      app.deadlines[0]?.end()
      return new Promise(() => {})
    })
    const { status, answer } = await place()
    expect([status, answer.code, answer.action]).toEqual([504, 'pay_timeout', 'retry_later'])
    expect(app.deadlines[0]?.milliseconds).toBe(5000)
    expect(app.pay.requests).toHaveLength(1)
  })
})

describe('the log', () => {
  it('the log has a line for each request, without numbers, openids, keys or texts', async () => {
    await place({ attach: 'attached' })
    await app.send('GET', `/payments/${NUMBER}`)
    await app.send('POST', `/payments/${NUMBER}/close`)
    const log = app.log.join('\n')
    expect(app.log).toHaveLength(3)
    expect(JSON.parse(app.log[1] ?? '')).toMatchObject({
      ...{ level: 'info', method: 'GET', route: '/payments/:outTradeNo', status: 200 },
    })
    const secrets = [NUMBER, OPENID, MCHID, API_V3_KEY, PAY_SERVICE_KEY, 'prepay_id', 'attached']
    for (const secret of [...secrets, 'WECHATPAY2', 'PRIVATE KEY', PLATFORM.public_spki_pem]) {
      expect(log).not.toContain(secret)
    }
  })
})
