/** WeChat Pay's callbacks: what is refused, who gets an outcome, and when WeChat Pay calls again. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { PaymentEvent } from '../../src/pay/events'
import { APPID, OPENID, recordingHooks, usePayApp } from '../support/pay-app'
import {
  API_V3_KEY,
  MCHID,
  MERCHANT,
  notice,
  PLATFORM,
  PUBLIC_KEY_ID,
  signHeaders,
} from '../support/wechat-pay'
import vectors from '../support/wechat-pay-vectors.json'

const app = usePayApp()
let recorded = recordingHooks()

/** An app whose only order is paid, with these hooks and bindings. */
async function start(
  handle?: (event: PaymentEvent) => unknown,
  settings: Record<string, unknown> = {},
) {
  recorded = recordingHooks(handle)
  app.replace({ hooks: recorded.hooks, settings })
  await placePaidOrder()
}

async function placePaidOrder() {
  const order = { appid: APPID, openid: OPENID, outTradeNo: 'A00001', description: 'a', total: 100 }
  await app.send('POST', '/payments', order)
  app.pay.pay('A00001')
  app.log.length = 0
}

beforeEach(() => start())

const paid = () => app.pay.toTransaction('A00001')
const REFUSED = { status: 403, answer: { code: 'FAIL', message: 'Event refused' } }
const PAID = {
  key: `TRANSACTION.SUCCESS:${MCHID}:A00001`,
  type: 'TRANSACTION.SUCCESS',
  payment: {
    ...{ outTradeNo: 'A00001', state: 'SUCCESS', appid: APPID, openid: OPENID },
    ...{ total: 100, payerTotal: 99, currency: 'CNY' },
    ...{ transactionId: '4200A00001', paidAt: '2026-11-21T10:00:00.000Z' },
  },
}

describe('an outcome', () => {
  it('a payment goes to the hook with appid, openid, total and currency', async () => {
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual({ status: 204, answer: null })
    expect(recorded.events).toEqual([PAID])
  })

  it.each(['SUCCESS', 'ABNORMAL', 'CLOSED'])('a refund goes to the hook: %s', async (status) => {
    const body = { outRefundNo: 'R1', refund: 40, total: 100 }
    await app.send('POST', '/payments/A00001/refunds', body)
    const fields = app.pay.finishRefund('R1', status)
    expect((await app.notify(`REFUND.${status}`, fields)).status).toBe(204)
    expect(recorded.events).toEqual([
      {
        key: `REFUND.${status}:${MCHID}:R1`,
        type: `REFUND.${status}`,
        refund: {
          ...{ outRefundNo: 'R1', outTradeNo: 'A00001', refundId: '5030R1', status },
          ...{ refund: 40, total: 100, transactionId: '4200A00001', payerRefund: 40 },
          ...{ currency: 'CNY', refundedAt: '2026-11-21T10:00:00.000Z' },
        },
      },
    ])
  })

  it('each delivery of one outcome has the same key', async () => {
    for (let i = 0; i < 3; i++) {
      app.clock.now += 600
      await app.notify('TRANSACTION.SUCCESS', paid())
    }
    expect(new Set(recorded.events.map(({ key }) => key)).size).toBe(1)
    expect(recorded.events).toHaveLength(3)
  })

  it.each(vectors.generated.callbacks)(
    'the example is taken: $name',
    async ({ headers, body, now }) => {
      app.clock.now = now
      expect((await app.deliver({ headers, body })).status).toBe(204)
      expect(recorded.events).toHaveLength(1)
    },
  )

  it('an outcome needs no service key, and the log has no value of it', async () => {
    app.replace({ hooks: recorded.hooks, settings: { SERVICE_KEYS: undefined } })
    const fields = { ...paidFields(), attach: 'attached' }
    expect((await app.notify('TRANSACTION.SUCCESS', fields)).status).toBe(204)
    expect(app.log).toHaveLength(1)
    for (const value of [OPENID, 'A00001', MCHID, 'attached', API_V3_KEY]) {
      expect(app.log.join()).not.toContain(value)
    }
  })
})

const paidFields = () => ({
  ...{ appid: APPID, mchid: MCHID, out_trade_no: 'A00001', trade_state: 'SUCCESS' },
  ...{ transaction_id: '4200A00001', payer: { openid: OPENID } },
  amount: { total: 100, payer_total: 99, currency: 'CNY' },
})

describe('what is refused', () => {
  async function expectRefused(delivery: Promise<{ status: number; answer: unknown }>) {
    expect(await delivery).toEqual(REFUSED)
    expect(recorded.events).toEqual([])
    expect(JSON.parse(app.log[0] ?? '')).toMatchObject({ level: 'warn', code: 'event_refused' })
  }

  it.each(['Timestamp', 'Nonce', 'Signature', 'Serial'])(
    'a callback without Wechatpay-%s is refused',
    async (name) => {
      const { headers, body } = await notice('TRANSACTION.SUCCESS', paid(), app.clock.now)
      delete headers[`Wechatpay-${name}`]
      await expectRefused(app.deliver({ headers, body }))
    },
  )

  const published = vectors.published.find(({ kind }) => kind === 'must-refuse')?.signature ?? ''
  const [probe] = vectors.generated.inbound_negatives
  it.each([
    ['signed by the merchant', () => ({ privateKey: MERCHANT.private_pkcs8_pem })],
    ['under an unknown serial', () => ({ serial: 'PUB_KEY_ID_9' })],
    ['301 s old', () => ({ timestamp: app.clock.now - 301 })],
    ['301 s ahead', () => ({ timestamp: app.clock.now + 301 })],
    ['in milliseconds', () => ({ timestamp: app.clock.now * 1000 })],
    ['with a probe', () => ({ signature: probe?.headers['Wechatpay-Signature'] ?? '' })],
    ['with a probe of 256 bytes', () => ({ signature: published })],
    ['with an APIv3 key of others', () => ({ apiV3Key: API_V3_KEY.toLowerCase() })],
    ['with another algorithm', () => ({ algorithm: 'AEAD_SM4_GCM' })],
  ])('a callback %s is refused', async (_, options) => {
    await expectRefused(app.notify('TRANSACTION.SUCCESS', paid(), options()))
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
    const { headers, body } = await notice('TRANSACTION.SUCCESS', paid(), app.clock.now)
    await expectRefused(app.deliver({ headers, body: touch(body) }))
  })

  it.each([
    ['the mchid of others', { mchid: '1900000001' }],
    ['no mchid', { mchid: undefined }],
    ['no number', { out_trade_no: undefined }],
  ])('a callback with %s is refused', async (_, fields) => {
    await expectRefused(app.notify('TRANSACTION.SUCCESS', { ...paid(), ...fields }))
  })

  it('a callback about the refund of another merchant is refused', async () => {
    await app.send('POST', '/payments/A00001/refunds', { outRefundNo: 'R1', refund: 1, total: 1 })
    app.log.length = 0
    const fields = { ...app.pay.finishRefund('R1'), mchid: '1900000001' }
    await expectRefused(app.notify('REFUND.SUCCESS', fields))
  })

  it('the XML of API v2 is refused', async () => {
    const body = '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>'
    await expectRefused(app.deliver({ headers: { 'Content-Type': 'text/xml' }, body }))
  })

  it('signed bytes that are no notification are refused', async () => {
    for (const body of ['<xml/>', '[]', 'null', '{}', '\ufeff', '{"event_type":7}']) {
      const headers = await signHeaders({ body }, app.clock.now)
      expect(await app.deliver({ headers, body })).toEqual({
        status: 400,
        answer: { code: 'FAIL', message: 'Invalid request' },
      })
    }
    const body = '{"event_type":"TRANSACTION.SUCCESS"}'
    expect(
      await app.deliver({ headers: await signHeaders({ body }, app.clock.now), body }),
    ).toEqual(REFUSED)
  })

  it('a body of more than 64 KiB is refused, and one of 64 KiB is taken', async () => {
    const deliverSized = async (size: number) => {
      const body = '{"event_type":"OTHER"}'.padEnd(size)
      return app.deliver({ headers: await signHeaders({ body }, app.clock.now), body })
    }
    expect((await deliverSized(65_536)).status).toBe(204)
    expect(await deliverSized(65_537)).toMatchObject({ status: 413, answer: { code: 'FAIL' } })
  })

  it('a body whose connection breaks is refused', async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new Error('broken')) })
    expect(await app.deliver({ headers: {}, body })).toMatchObject({
      status: 400,
      answer: { code: 'FAIL' },
    })
  })

  it('a callback under a key of WECHAT_PAY_EXTRA_KEYS is taken', async () => {
    const serial = '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC'
    const keys = { [serial]: MERCHANT.public_spki_pem }
    await start(undefined, { WECHAT_PAY_EXTRA_KEYS: JSON.stringify(keys) })
    const { private_pkcs8_pem: privateKey } = MERCHANT
    const notify = (options: { serial: string; privateKey: string }) =>
      app.notify('TRANSACTION.SUCCESS', paid(), options)
    expect((await notify({ serial, privateKey })).status).toBe(204)
    expect((await notify({ serial: PUBLIC_KEY_ID, privateKey })).status).toBe(403)
    expect((await notify({ serial, privateKey: PLATFORM.private_pkcs8_pem })).status).toBe(403)
  })
})

describe('types that are no outcome', () => {
  it('a verified type that we do not know is answered 204 and logged, even without a resource', async () => {
    expect((await app.notify('PAYSCORE.USER_OPEN_SERVICE', {})).status).toBe(204)
    const body = '{"event_type":"OTHER"}'
    const headers = await signHeaders({ body }, app.clock.now)
    expect((await app.deliver({ headers, body })).status).toBe(204)
    expect(app.log[0]).toContain('a type without a meaning here')
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
    const { headers } = await notice('OTHER', {}, app.clock.now)
    expect(await app.deliver({ headers, body: '{"event_type":"OTHER"}' })).toEqual(REFUSED)
  })
})

describe('who takes an outcome', () => {
  const FAIL = { status: 503, answer: { code: 'FAIL', message: expect.any(String) } }
  const errorLine = () => JSON.parse(app.log.at(-1) ?? '')

  it('if nobody takes outcomes, WeChat Pay calls again, and the log says what to bind', async () => {
    app.replace()
    await placePaidOrder()
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
    expect(errorLine()).toMatchObject({ level: 'error', code: 'hook_unavailable' })
    expect(errorLine().settings[0]).toContain('neither HOOKS with onPayment nor EVENTS')
    app.replace({ hooks: {} })
    await placePaidOrder()
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
  })

  it.each([
    ['throws', () => Promise.reject(new Error('a secret'))],
    ['throws at once', () => JSON.parse('a secret')],
  ])('if the hook %s, WeChat Pay calls again', async (_, handle) => {
    await start(handle)
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
    expect(errorLine()).toMatchObject({ level: 'error', reason: 'HOOKS.onPayment failed' })
    expect(app.log.join()).not.toContain('secret')
  })

  it('if the hook takes more than 2.5 seconds, WeChat Pay calls again', async () => {
    await start(() => {
      app.deadlines.at(-1)?.end()
      return new Promise(() => {})
    })
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
    expect(app.deadlines.at(-1)?.milliseconds).toBe(2500)
    expect(errorLine().reason).toBe('HOOKS.onPayment did not answer in time')
  })

  it('the Queue gets an outcome before the hook, and alone is enough', async () => {
    const order: string[] = []
    const EVENTS = { send: async (event: PaymentEvent) => void order.push(`queue ${event.key}`) }
    await start(({ key }) => order.push(`hook ${key}`), { EVENTS })
    expect((await app.notify('TRANSACTION.SUCCESS', paid())).status).toBe(204)
    expect(order).toEqual([`queue ${PAID.key}`, `hook ${PAID.key}`])
    app.replace({ settings: { EVENTS } })
    await placePaidOrder()
    expect((await app.notify('TRANSACTION.SUCCESS', paid())).status).toBe(204)
    expect(order).toHaveLength(3)
  })

  it('a hook that fails after the Queue makes WeChat Pay call again', async () => {
    const EVENTS = { send: async () => {} }
    await start(() => Promise.reject(new Error()), { EVENTS })
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
  })

  it('a Queue that fails or hangs makes WeChat Pay call again, and the hook is not asked', async () => {
    await start(undefined, { EVENTS: { send: () => Promise.reject(new Error('a secret')) } })
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
    const send = () => {
      app.deadlines.at(-1)?.end()
      return new Promise(() => {})
    }
    await start(undefined, { EVENTS: { send } })
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual(FAIL)
    expect(app.deadlines.at(-1)?.milliseconds).toBe(2500)
    expect(recorded.events).toEqual([])
    expect(app.log.join()).not.toContain('secret')
  })
})
