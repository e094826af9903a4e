/**
 * Arbitrary orders, answers of WeChat Pay and callbacks: no internal_error, and no part of what has
 * been sent in the answer or in the log.
 */

import fc from 'fast-check'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { PAY_API } from '../../openapi/pay/api'
import { CODES } from '../../src/pay/codes'
import { listCodes } from '../support/listed-errors'
import { NUMBER, ORDER, type PayReply, recordingHooks, usePayApp } from '../support/pay-app'

/** Part of everything that is sent; neither an answer nor the log may contain it. */
const MARK = 'zQ7mArKzQ7mArKzQ'
const PROPERTIES = 4
const RUNS = Math.ceil(inject('fuzzRuns') / PROPERTIES / 10)

const app = usePayApp()
beforeEach(() => app.replace({ hooks: recordingHooks().hooks }))

const FIELDS = `token appid openid outTradeNo description total attach expiresAt goodsTag
  outRefundNo refund reason __proto__ constructor toJSON`.split(/\s+/)
const WECHAT_FIELDS = `mchid appid out_trade_no trade_state transaction_id success_time attach
  payer openid amount total payer_total currency out_refund_no refund refund_id refund_status status
  prepay_id code message detail field event_type resource algorithm ciphertext nonce associated_data
  __proto__ constructor toString length then`.split(/\s+/)
const WECHAT_CODES = [...CODES.map(({ wechat }) => wechat), '__proto__', 'x']

const text = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('', '\ud800', '\0', '1e9'))
  .map((value) => `${MARK}${value}`)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, 2 ** 53))

/** JSON whose objects have names that mean something here. */
const toJson = (names: readonly string[]) =>
  fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, text, number, fc.constantFrom(null, true), tie('object')),
    object: fc.dictionary(fc.constantFrom('', ...names), tie('value'), { maxKeys: 8 }),
  })).value

const status = fc.constantFrom(200, 201, 202, 204, 301, 400, 401, 403, 404, 429, 500, 502)
const wechatBody = fc.oneof(
  toJson(WECHAT_FIELDS).map((value) => JSON.stringify(value)),
  fc.tuple(fc.constantFrom(...WECHAT_CODES), toJson(WECHAT_FIELDS)).map(([code, detail]) => {
    return JSON.stringify({ code, message: MARK, detail })
  }),
  text,
)

function expectKnown({ status: seen, answer }: PayReply): void {
  if (seen >= 400) expect(listCodes(PAY_API, app.log)).toContain(answer.code)
  expect(answer?.code).not.toBe('internal_error')
  expect(JSON.stringify([answer, app.log])).not.toContain(MARK)
}

const REFUND = { outRefundNo: 'R00001', refund: 1, total: 100 }

const requests = [
  ['POST', '/payments'],
  ['POST', `/payments/${NUMBER}/refunds`],
] as const

describe('arbitrary input', { timeout: Math.max(60_000, RUNS * 20) }, () => {
  it.each(requests)('%s %s lists its errors, whatever the body', async (method, path) => {
    const property = fc.asyncProperty(toJson(FIELDS), async (body) => {
      app.log.length = 0
      expectKnown(await app.send(method, path, body))
    })
    await fc.assert(property, { numRuns: RUNS, seed: inject('fuzzSeed') })
  })

  it('every operation lists its errors, whatever WeChat Pay answers, signed or not', async () => {
    const calls = [
      () => app.send('POST', '/payments', ORDER),
      () => app.send('GET', `/payments/${NUMBER}`),
      () => app.send('POST', `/payments/${NUMBER}/close`),
      () => app.send('POST', `/payments/${NUMBER}/refunds`, REFUND),
      () => app.send('GET', `/refunds/${NUMBER}`),
    ]
    const call = fc.constantFrom(...calls)
    const property = fc.asyncProperty(
      call,
      status,
      wechatBody,
      fc.boolean(),
      async (send, seen, body, isSigned) => {
        app.log.length = 0
        app.pay.next(() => ({
          status: seen,
          body: seen === 204 ? '' : body,
          forgery: isSigned ? {} : null,
        }))
        const reply = await send()
        if (reply.status >= 400) expectKnown(reply)
        // An exception while an answer is read would be taken for a failed connection.
        expect(app.log.join()).not.toContain('the connection failed')
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: inject('fuzzSeed') })
  })

  it('no callback of WeChat Pay is an internal_error, whatever it holds', async () => {
    const types = ['TRANSACTION.SUCCESS', 'REFUND.SUCCESS', 'SECURITY_ECHO.SUCCESS', 'OTHER']
    const property = fc.asyncProperty(
      fc.constantFrom(...types),
      toJson(WECHAT_FIELDS),
      fc.option(wechatBody),
      async (type, fields, body) => {
        app.log.length = 0
        const options = body === null ? {} : { body }
        const delivered = await app.notify(type, fields as object, options)
        expect([204, 400, 403]).toContain(delivered.status)
        expect(JSON.stringify([delivered.answer, app.log])).not.toContain(MARK)
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: inject('fuzzSeed') })
  })
})
