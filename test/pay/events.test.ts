/** The events of WeChat Pay's callbacks: who gets one, and when WeChat Pay calls again. */

import { describe, expect, it } from 'vitest'
import type { PaymentEvent } from '../../src/pay/events'
import { usePaidOrder } from '../support/paid-order'
import { APPID, OPENID } from '../support/pay-app'
import { API_V3_KEY, MCHID } from '../support/wechat-pay'
import { createCallback } from '../support/wechat-pay-api'
import vectors from '../support/wechat-pay-vectors.json'

const { app, recorded, start, placePaidOrder, paid } = usePaidOrder()

const PAID = {
  key: `TRANSACTION.SUCCESS:${MCHID}:A00001`,
  type: 'TRANSACTION.SUCCESS',
  payment: {
    outTradeNo: 'A00001',
    state: 'SUCCESS',
    appid: APPID,
    openid: OPENID,
    total: 100,
    payerTotal: 99,
    currency: 'CNY',
    transactionId: expect.stringMatching(/^4200\d{24}$/),
    paidAt: '2026-09-21T14:13:20.000Z',
  },
}

describe('an event', () => {
  it('a payment goes to the hook with appid, openid, total and currency', async () => {
    expect(await app.notify('TRANSACTION.SUCCESS', paid())).toEqual({ status: 204, answer: null })
    expect(recorded.events).toEqual([PAID])
  })

  it('a payment goes to the hook if the texts of its callback have raw control characters', async () => {
    const [fields, untouched] = [
      paid(),
      await createCallback('TRANSACTION.SUCCESS', paid(), app.clock.now),
    ]
    const text = JSON.stringify({ ...fields, trade_state_desc: '|' }).replace('|', '支付\n成功')
    const body = untouched.body.replace('支付成功', '支付\u0014成功')
    expect(await app.notify('TRANSACTION.SUCCESS', text)).toEqual({ status: 204, answer: null })
    expect((await app.notify('TRANSACTION.SUCCESS', fields, { body })).status).toBe(204)
    expect(recorded.events).toEqual([PAID, PAID])
  })

  it.each(['SUCCESS', 'ABNORMAL', 'CLOSED'] as const)(
    'a refund goes to the hook: %s',
    async (status) => {
      const body = { outRefundNo: 'R1', refund: 40, total: 100 }
      await app.send('POST', '/payments/A00001/refunds', body)
      const fields = app.pay.finishRefund('R1', status)
      expect((await app.notify(`REFUND.${status}`, fields)).status).toBe(204)
      expect(recorded.events).toEqual([
        {
          key: `REFUND.${status}:${MCHID}:R1`,
          type: `REFUND.${status}`,
          refund: {
            outRefundNo: 'R1',
            outTradeNo: 'A00001',
            refundId: fields.refund_id,
            status,
            refund: 40,
            total: 100,
            transactionId: fields.transaction_id,
            payerRefund: 40,
            ...(status === 'SUCCESS' && { refundedAt: '2026-09-21T14:13:20.000Z' }),
          },
        },
      ])
    },
  )

  it('each delivery of one event has the same key', async () => {
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

  it('an event needs no service key, and the log has no value of it', async () => {
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
  appid: APPID,
  mchid: MCHID,
  out_trade_no: 'A00001',
  trade_state: 'SUCCESS',
  transaction_id: '4200A00001',
  payer: { openid: OPENID },
  amount: { total: 100, payer_total: 99, currency: 'CNY' },
})

describe('who takes an event', () => {
  const FAIL = { status: 503, answer: { code: 'FAIL', message: expect.any(String) } }
  const errorLine = () => JSON.parse(app.log.at(-1) ?? '')

  it('if nobody takes events, WeChat Pay calls again, and the log says what to bind', async () => {
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

  it('the Queue gets an event before the hook, and alone is enough', async () => {
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

  it('the Queue and the hook have 2.5 seconds together', async () => {
    const EVENTS = { send: async () => {} }
    await start(undefined, { EVENTS })
    const before = app.deadlines.length
    expect((await app.notify('TRANSACTION.SUCCESS', paid())).status).toBe(204)
    expect(app.deadlines.slice(before).map(({ milliseconds }) => milliseconds)).toEqual([2500])
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
