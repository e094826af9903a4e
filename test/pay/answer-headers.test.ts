import { beforeEach, describe, expect, it } from 'vitest'
import { createPaymentApp } from '../../src/pay'
import { APPID, OPENID, PAY_SERVICE_KEY, recordingHooks, usePayApp } from '../support/pay-app'
import { expectAnswerHeaders, expectMadeOnce } from '../support/responses'
import { createCallback } from '../support/wechat-pay-api'

const { hooks } = recordingHooks()
const app = usePayApp({ hooks })

const ORDER = { appid: APPID, openid: OPENID, description: 'a', total: 100 }
const REFUND = { outRefundNo: 'R1', refund: 40, total: 100 }

beforeEach(async () => {
  await app.send('POST', '/payments', { ...ORDER, outTradeNo: 'A00001' })
  await app.send('POST', '/payments', { ...ORDER, outTradeNo: 'B00001' })
  app.pay.pay('A00001')
})

type Sending = readonly [path: string, init: RequestInit]

function send(method: string, path: string, body?: object): Sending {
  const headers = { Authorization: `Bearer ${PAY_SERVICE_KEY}`, 'Content-Type': 'application/json' }
  return [path, { method, headers, ...(body && { body: JSON.stringify(body) }) }]
}

/** For every route a request that succeeds, and the status of its answer. */
const SUCCESSES: Record<string, readonly [status: number, () => Sending | Promise<Sending>]> = {
  'GET /health': [200, () => send('GET', '/health')],
  'POST /payments': [200, () => send('POST', '/payments', { ...ORDER, outTradeNo: 'C00001' })],
  'GET /payments/:outTradeNo': [200, () => send('GET', '/payments/A00001')],
  'POST /payments/:outTradeNo/close': [204, () => send('POST', '/payments/B00001/close')],
  'POST /payments/:outTradeNo/refunds': [
    200,
    () => send('POST', '/payments/A00001/refunds', REFUND),
  ],
  'GET /refunds/:outRefundNo': [
    200,
    async () => {
      await app.send('POST', '/payments/A00001/refunds', REFUND)
      return send('GET', '/refunds/R1')
    },
  ],
  'POST /wechat/pay/events': [
    204,
    async () => {
      const fields = app.pay.toTransaction('A00001')
      const callback = await createCallback('TRANSACTION.SUCCESS', fields, app.clock.now)
      return ['/wechat/pay/events', { method: 'POST', ...callback }]
    },
  ],
}

/** Requests that fail in each place where an answer can be made: route, middleware, router. */
const FAILURES: Record<string, readonly [status: number, Sending]> = {
  'an invalid body': [400, send('POST', '/payments', {})],
  'a missing service key': [401, ['/payments/A00001', { method: 'GET' }]],
  'an unknown order': [404, send('GET', '/payments/X00001')],
  'an unknown path': [404, send('GET', '/payment')],
  'a trailing slash': [404, send('GET', '/health/')],
  'a callback without a signature': [403, ['/wechat/pay/events', { method: 'POST', body: '{}' }]],
}

const listRoutes = () => createPaymentApp().routes.filter(({ method }) => method !== 'ALL')

describe('the headers of answers of payments', () => {
  it('SUCCESSES has every route of payments', () => {
    const names = listRoutes().map(({ method, path }) => `${method} ${path}`)
    expect(new Set(Object.keys(SUCCESSES))).toEqual(new Set(names))
  })

  it.each(Object.entries(SUCCESSES))(
    '%s of payments makes one Response, with no-store and nosniff, and it leaves as it is',
    async (_, [status, toSending]) => {
      const sending = await toSending()
      const response = await expectMadeOnce(() => app.receive(...sending))
      expect(response.status).toBe(status)
    },
  )

  it.each(Object.entries(FAILURES))(
    'The answer of payments to %s is one Response, with no-store and nosniff, and it leaves as it is',
    async (_, [status, sending]) => {
      const response = await expectMadeOnce(() => app.receive(...sending))
      expect(response.status).toBe(status)
    },
  )

  it('The answer of payments to a method that a path does not have has no-store and nosniff', async () => {
    for (const path of new Set(listRoutes().map(({ path }) => path))) {
      const response = await app.receive(...send('PATCH', path))
      expect([path, response.status]).toEqual([path, 405])
      expectAnswerHeaders(response)
    }
  })
})
