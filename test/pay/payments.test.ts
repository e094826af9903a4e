/** Orders placed against a WeChat Pay that verifies every request. */

import { describe, expect, it } from 'vitest'
import {
  APPID,
  NUMBER,
  OPENID,
  ORDER,
  PAY_SERVICE_KEY,
  toName,
  usePayApp,
} from '../support/pay-app'
import { isMerchantSignature, MCHID, NOTIFY_URL } from '../support/wechat-pay'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })
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
      appid: APPID,
      mchid: MCHID,
      description: '一杯茶',
      out_trade_no: NUMBER,
      time_expire: '2026-09-22T00:00:00+08:00',
      attach: 'shop 1',
      goods_tag: 'TEA',
      notify_url: NOTIFY_URL,
      amount: { total: 100, currency: 'CNY' },
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
      [{ [field]: '\u007f' }, field],
      [{ [field]: 'a\u0085' }, field],
      [{ [field]: '\u009f' }, field],
      [{ [field]: 'a\u202eb' }, field],
      [{ [field]: '\u202a' }, field],
      [{ [field]: '\u2066' }, field],
      [{ [field]: '\u2069' }, field],
      [{ [field]: '\ufffe' }, field],
      [{ [field]: '\uffff' }, field],
      [{ [field]: '\ufffd \ue000\u00a0~\u2029\u202f\u2065\u206a "\\/' }, null],
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
    '2026-09-21T17:00:00',
    '2026-09-21',
    '20220421191948',
    '21 Sep 2026 17:00 GMT',
    '1790010000',
    1790010000,
    '2026-09-31T17:00:00Z',
    '2026-09-21T25:00:00Z',
    '2026-09-21T17:60:00Z',
    '',
    null,
    '+002026-09-21T17:00:00Z',
    '2026-09-21T17:00:00Z\n',
    '2026-09-21T17:00:00+99:99',
  ])(
    'expiresAt of another form is refused, and the same is not said twice: %o',
    async (expiresAt) => {
      const { status, answer } = await place({ expiresAt })
      expect([status, answer.errors?.[0]?.path]).toEqual([400, 'expiresAt'])
      const messages = answer.errors?.map(({ message }) => message)
      expect(messages).toEqual([...new Set(messages)])
    },
  )

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
    expect(answer.errors).toEqual([
      { path: 'outTradeNo', message: 'must be 6 to 32 letters, digits or _-*|' },
      { path: 'description', message: 'is missing' },
      { path: 'total', message: 'must be a whole number of fen' },
    ])
    expect((await place({ total: 1.5 })).answer.errors).toEqual([
      { path: 'total', message: 'must be a whole number of fen' },
    ])
  })

  it('a body that is no JSON object, or too large, is refused', async () => {
    expect((await app.send('POST', '/payments', [])).status).toBe(400)
    expect((await app.send('POST', '/payments', { x: 'x'.repeat(65_536) })).status).toBe(413)
    const headers = { Authorization: `Bearer ${PAY_SERVICE_KEY}` }
    const init = { method: 'POST', headers, body: JSON.stringify(ORDER) }
    expect((await app.receive('/payments', init)).status).toBe(415)
  })
})
