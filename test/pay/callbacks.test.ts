/** WeChat Pay's callbacks that are refused, or that are no event of a payment. */

import { describe, expect, it } from 'vitest'
import { usePaidOrder } from '../support/paid-order'
import { API_V3_KEY, importPrivate, MERCHANT, PLATFORM, PUBLIC_KEY_ID } from '../support/wechat-pay'
import { createCallback, sign } from '../support/wechat-pay-api'
import vectors from '../support/wechat-pay-vectors.json'

const { app, recorded, start, paid } = usePaidOrder()

const merchantKey = () => importPrivate(MERCHANT.private_pkcs8_pem)

const REFUSED = { status: 403, answer: { code: 'FAIL', message: 'Event refused' } }

describe('what is refused', () => {
  async function expectRefused(delivery: Promise<{ status: number; answer: unknown }>) {
    expect(await delivery).toEqual(REFUSED)
    expect(recorded.events).toEqual([])
    expect(JSON.parse(app.log[0] ?? '')).toMatchObject({ level: 'warn', code: 'event_refused' })
  }

  it.each(['Timestamp', 'Nonce', 'Signature', 'Serial'])(
    'a callback without Wechatpay-%s is refused',
    async (name) => {
      const { headers, body } = await createCallback('TRANSACTION.SUCCESS', paid(), app.clock.now)
      delete headers[`Wechatpay-${name}`]
      await expectRefused(app.deliver({ headers, body }))
    },
  )

  const published = vectors.published.find(({ kind }) => kind === 'must-refuse')?.signature ?? ''
  const [probe] = vectors.generated.inbound_negatives
  it.each([
    ['signed by the merchant', async () => ({ privateKey: await merchantKey() })],
    ['under an unknown serial', () => ({ serial: 'PUB_KEY_ID_9' })],
    ['301 s old', () => ({ timestamp: app.clock.now - 301 })],
    ['301 s ahead', () => ({ timestamp: app.clock.now + 301 })],
    ['in milliseconds', () => ({ timestamp: app.clock.now * 1000 })],
    ['with half a second', () => ({ timestamp: app.clock.now + 0.5 })],
    ['with a probe', () => ({ signature: probe?.headers['Wechatpay-Signature'] ?? '' })],
    ['with a probe of 256 bytes', () => ({ signature: published })],
    ['with an APIv3 key of others', () => ({ apiV3Key: API_V3_KEY.toLowerCase() })],
    ['with another algorithm', () => ({ algorithm: 'AEAD_SM4_GCM' })],
  ])('a callback %s is refused', async (_, options) => {
    await expectRefused(app.notify('TRANSACTION.SUCCESS', paid(), await options()))
  })

  it.each([-300, 300])('a callback whose timestamp is off by %d s is taken', async (seconds) => {
    const timestamp = app.clock.now + seconds
    expect((await app.notify('TRANSACTION.SUCCESS', paid(), { timestamp })).status).toBe(204)
  })

  it.each([
    ['a line feed', (body: string) => `${body}\n`],
    ['other spaces', (body: string) => JSON.stringify(JSON.parse(body), null, 1)],
    ['another type', (body: string) => body.replace('TRANSACTION.SUCCESS', 'REFUND.SUCCESS')],
    ['nothing', () => ''],
  ])('a callback whose body was touched is refused: %s', async (_, touch) => {
    const { headers, body } = await createCallback('TRANSACTION.SUCCESS', paid(), app.clock.now)
    await expectRefused(app.deliver({ headers, body: touch(body) }))
  })

  it.each([
    ['the mchid of others', { mchid: '1900000001' }],
    ['no mchid', { mchid: undefined }],
    ['no number', { out_trade_no: undefined }],
    ['a state that is no word of capitals', { trade_state: 'A'.repeat(33) }],
  ])('a callback with %s is refused', async (_, fields) => {
    await expectRefused(app.notify('TRANSACTION.SUCCESS', { ...paid(), ...fields }))
  })

  it('a callback about the refund of another merchant is refused', async () => {
    await app.send('POST', '/payments/A00001/refunds', { outRefundNo: 'R1', refund: 1, total: 100 })
    app.log.length = 0
    const fields = { ...app.pay.finishRefund('R1'), mchid: '1900000001' }
    await expectRefused(app.notify('REFUND.SUCCESS', fields))
  })

  it('a callback about a refund whose state is no word of capitals is refused', async () => {
    await app.send('POST', '/payments/A00001/refunds', { outRefundNo: 'R1', refund: 1, total: 100 })
    app.log.length = 0
    const fields = { ...app.pay.finishRefund('R1'), refund_status: 'done' }
    await expectRefused(app.notify('REFUND.SUCCESS', fields))
  })

  it('the XML of API v2 is refused', async () => {
    const body = '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>'
    await expectRefused(app.deliver({ headers: { 'Content-Type': 'text/xml' }, body }))
    expect(JSON.parse(app.log[0] ?? '').reason).toMatch(/^refused: missing, the body is XML, as of/)
    await app.deliver({ headers: {}, body: '{"attach":"<xml>"}' })
    expect(JSON.parse(app.log[1] ?? '').reason).toBe('refused: missing')
  })

  it('signed bytes that are no notification are refused, and the log says what they are', async () => {
    const bodies = [
      ['\n<xml/>', 'is XML, as of API v2'],
      ['[]', 'is not a notification of WeChat Pay'],
      ['null', 'is not a notification of WeChat Pay'],
      ['{"event_type":7}', 'is not a notification of WeChat Pay'],
      ['\ufeff', 'must be JSON'],
      ['', 'must be JSON'],
    ] as const
    for (const [body, reason] of bodies) {
      const headers = await sign(body, app.clock.now)
      expect(await app.deliver({ headers, body })).toEqual({
        status: 400,
        answer: { code: 'FAIL', message: 'Invalid request' },
      })
      expect(JSON.parse(app.log.at(-1) ?? '').reason).toContain(`the body ${reason}`)
    }
    const body = '{"event_type":"TRANSACTION.SUCCESS"}'
    expect(await app.deliver({ headers: await sign(body, app.clock.now), body })).toEqual(REFUSED)
  })

  it('a body of more than 64 KiB is refused, and one of 64 KiB is taken', async () => {
    const deliverSized = async (size: number) => {
      const body = '{"event_type":"OTHER"}'.padEnd(size)
      return app.deliver({ headers: await sign(body, app.clock.now), body })
    }
    expect((await deliverSized(65_536)).status).toBe(204)
    expect(await deliverSized(65_537)).toMatchObject({ status: 413, answer: { code: 'FAIL' } })
    expect(JSON.parse(app.log.at(-1) ?? '').reason).toBe('Request bodies are limited to 64 KiB.')
  })

  it('a body whose connection breaks is refused, and the log says why', async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new Error('broken')) })
    expect(await app.deliver({ headers: {}, body })).toMatchObject({
      status: 400,
      answer: { code: 'FAIL' },
    })
    expect(JSON.parse(app.log[0] ?? '').reason).toBe('the body was interrupted')
  })

  it('a callback under a key of WECHAT_PAY_EXTRA_KEYS is taken', async () => {
    const serial = '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC'
    const keys = { [serial]: MERCHANT.public_spki_pem }
    await start(undefined, { WECHAT_PAY_EXTRA_KEYS: JSON.stringify(keys) })
    const privateKey = await merchantKey()
    const notify = (options: { serial: string; privateKey: CryptoKey }) =>
      app.notify('TRANSACTION.SUCCESS', paid(), options)
    expect((await notify({ serial, privateKey })).status).toBe(204)
    expect((await notify({ serial: PUBLIC_KEY_ID, privateKey })).status).toBe(403)
    const weChatPayKey = await importPrivate(PLATFORM.private_pkcs8_pem)
    expect((await notify({ serial, privateKey: weChatPayKey })).status).toBe(403)
  })
})

describe('types that are no event of a payment', () => {
  it('a verified type that we do not know is answered 204 and logged, even without a resource', async () => {
    expect((await app.notify('PAYSCORE.USER_OPEN_SERVICE', {})).status).toBe(204)
    const body = '{"event_type":"OTHER"}'
    const headers = await sign(body, app.clock.now)
    expect((await app.deliver({ headers, body })).status).toBe(204)
    expect(app.log[0]).toContain('unknown event_type')
    expect(recorded.events).toEqual([])
  })

  it('the self-test is answered 204 and logged, and goes to no hook', async () => {
    expect((await app.notify('SECURITY_ECHO.SUCCESS', { echo: 'x' })).status).toBe(204)
    expect(app.log[0]).toContain('SECURITY_ECHO.SUCCESS')
    expect(recorded.events).toEqual([])
  })

  it('the self-test under another APIv3 key fails', async () => {
    const options = { apiV3Key: API_V3_KEY.toLowerCase() }
    expect(await app.notify('SECURITY_ECHO.SUCCESS', {}, options)).toEqual(REFUSED)
  })

  it('a type that we do not know is verified as well', async () => {
    const { headers } = await createCallback('OTHER', {}, app.clock.now)
    expect(await app.deliver({ headers, body: '{"event_type":"OTHER"}' })).toEqual(REFUSED)
  })
})
