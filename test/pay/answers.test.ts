/** Answers that are not from WeChat Pay, or not to the request. */

import { describe, expect, it } from 'vitest'
import type { Tamper } from '../../sandbox/pay/faults'
import { ok } from '../../sandbox/pay/responses'
import type { Forgery } from '../../sandbox/pay/signatures'
import { NUMBER, ORDER, usePayApp } from '../support/pay-app'
import { importPrivate, MERCHANT } from '../support/wechat-pay'
import { sign } from '../support/wechat-pay-api'
import vectors from '../support/wechat-pay-vectors.json'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })

describe('answers that cannot be believed', () => {
  const [probe] = vectors.generated.inbound_negatives
  const published = vectors.published.find(({ kind }) => kind === 'must-refuse')
  const forge =
    (toForgery: () => Forgery | null | Promise<Forgery>): Tamper =>
    async (response) => ({ ...response, forgery: await toForgery() })
  const tampers: Record<string, Tamper> = {
    'no signature': forge(() => null),
    'the signature of another key': forge(async () => ({
      privateKey: await importPrivate(MERCHANT.private_pkcs8_pem),
    })),
    'a signature 301 s old': forge(() => ({ timestamp: app.clock.now - 301 })),
    'a signature 301 s ahead': forge(() => ({ timestamp: app.clock.now + 301 })),
    'an unknown serial': forge(() => ({ serial: 'PUB_KEY_ID_9' })),
    'a serial that objects have': forge(() => ({ serial: 'constructor' })),
    'a probe': forge(() => ({ signature: probe?.headers['Wechatpay-Signature'] ?? '' })),
    'a probe of 256 bytes': forge(() => ({ signature: published?.signature ?? '' })),
    'another signature type': (response) => ({
      ...response,
      headers: { 'Wechatpay-Signature-Type': 'SM2' },
    }),
    'the status 202': (response) => ({ ...response, status: 202 }),
    'the status 201': (response) => ({ ...response, status: 201 }),
    'an HTML 502': () => ({ status: 502, body: '<html>', forgery: null }),
    'an empty 404': () => ({ status: 404, body: '', forgery: null }),
    'a redirect, which is not followed': () => ({
      status: 302,
      body: '',
      forgery: null,
      headers: { Location: 'https://evil.example/' },
    }),
    'a body of 64 KiB and a byte': () => ok({ prepay_id: 'x'.repeat(65_521) }),
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
      app.pay.next(forge(() => ({ timestamp: app.clock.now + seconds })))
      expect((await place()).status).toBe(200)
    }
  })

  it('an answer of 64 KiB is believed', async () => {
    app.pay.next(() => ok({ prepay_id: 'x'.repeat(65_520) }))
    expect((await place()).status).toBe(200)
  })

  it('an answer whose texts have raw control characters is read', async () => {
    await place()
    app.pay.next((response) => ({
      ...response,
      body: response.body.replace('订单未支付', '订单\n未支付\u0014'),
    }))
    const { status, answer } = await app.send('GET', `/payments/${NUMBER}`)
    expect([status, answer.state]).toEqual([200, 'NOTPAY'])
  })

  it('a body that was touched is not believed, by as little as a space', async () => {
    await place()
    app.pay.next(async (response) => ({
      ...response,
      body: `${response.body} `,
      headers: await sign(response.body, app.clock.now),
    }))
    expect((await app.send('GET', `/payments/${NUMBER}`)).status).toBe(502)
  })
})
