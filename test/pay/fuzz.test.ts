/**
 * Arbitrary orders, answers of WeChat Pay, callbacks, answers of the hook and calls over RPC: no
 * internal_error, and no part of them in the answer or in the log. See ../fuzz.test.ts.
 */

import { createExecutionContext } from 'cloudflare:test'
import fc from 'fast-check'
import { beforeEach, expect } from 'vitest'
import { PAY_API } from '../../openapi/pay/api'
import { CODES } from '../../src/pay/codes'
import { createPaymentService } from '../../src/workers/payment-service'
import { anyCloneable, anything, give, MARK } from '../support/arbitraries'
import { listCodes } from '../support/listed-errors'
import { APPID, NUMBER, ORDER, type PayReply, usePayApp } from '../support/pay-app'
import { type Property, property, testProperties } from '../support/properties'
import { MCHID } from '../support/wechat-pay'

const app = usePayApp()
/** What the hook does with an event. */
let handle: () => unknown
beforeEach(() => {
  handle = () => null
  app.replace({ hooks: { onPayment: () => handle() } })
})

const PaymentService = createPaymentService({ payments: (bindings) => app.service(bindings) })
const METHODS = Object.getOwnPropertyNames(PaymentService.prototype).slice(1)

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

function expectKnown({ status, answer }: PayReply): void {
  if (status >= 400) expect(listCodes(PAY_API, app.log)).toContain(answer.code)
  expect(answer?.code).not.toBe('internal_error')
  expectNoMark(answer)
}

/** Neither in the answer nor in the log, which is empty after this. */
function expectNoMark(answer: unknown): void {
  expect(JSON.stringify([answer, app.log.splice(0)])).not.toContain(MARK)
}

const EVENT_TYPES = ['TRANSACTION.SUCCESS', 'REFUND.SUCCESS']
const TRANSACTION = { mchid: MCHID, appid: APPID, trade_state: 'SUCCESS', transaction_id: '42' }
const REFUND = { outRefundNo: 'R00001', refund: 1, total: 100 }

const anyStatus = fc.constantFrom(200, 201, 202, 204, 301, 400, 401, 403, 404, 429, 500, 502)
const wechatBody = fc.oneof(
  toJson(WECHAT_FIELDS).map((value) => JSON.stringify(value)),
  fc.tuple(fc.constantFrom(...WECHAT_CODES), toJson(WECHAT_FIELDS)).map(([code, detail]) => {
    return JSON.stringify({ code, message: MARK, detail })
  }),
  text,
)

const requests: Record<string, Property> = {
  'every request lists its errors, whatever the body': property(
    fc.record({
      path: fc.constantFrom('/payments', `/payments/${NUMBER}/refunds`),
      body: toJson(FIELDS),
    }),
    async ({ path, body }) => expectKnown(await app.send('POST', path, body)),
  ),

  'every request lists its errors, whatever WeChat Pay answers, signed or not': property(
    fc.record({
      request: fc.constantFrom<readonly [string, string, object?]>(
        ['POST', '/payments', ORDER],
        ['GET', `/payments/${NUMBER}`],
        ['POST', `/payments/${NUMBER}/close`],
        ['POST', `/payments/${NUMBER}/refunds`, REFUND],
        ['GET', `/refunds/${NUMBER}`],
      ),
      status: anyStatus,
      body: wechatBody,
      isSigned: fc.boolean(),
    }),
    async ({ request, status, body, isSigned }) => {
      const forgery = isSigned ? {} : null
      app.pay.next(() => ({ status, body: status === 204 ? '' : body, forgery }))
      const reply = await app.send(...request)
      // An exception while an answer is read would be taken for a failed connection.
      expect(app.log.join()).not.toContain('the connection failed')
      if (reply.status >= 400) expectKnown(reply)
    },
  ),

  'no callback of WeChat Pay is an internal_error, whatever it holds': property(
    fc.record({
      type: fc.constantFrom(...EVENT_TYPES, 'SECURITY_ECHO.SUCCESS', 'OTHER'),
      fields: toJson(WECHAT_FIELDS),
      body: fc.option(wechatBody),
    }),
    async ({ type, fields, body }) => {
      const options = body === null ? {} : { body }
      const delivered = await app.notify(type, fields as object, options)
      expect([204, 400, 403]).toContain(delivered.status)
      expectNoMark(delivered.answer)
    },
  ),

  'no callback of WeChat Pay is an internal_error, whatever the hook does': property(
    anything,
    async (answer) => {
      handle = () => give(answer)
      const transaction = { ...TRANSACTION, out_trade_no: `${MARK}1`, payer: { openid: MARK } }
      const delivered = await app.notify('TRANSACTION.SUCCESS', transaction)
      expect([204, 503]).toContain(delivered.status)
      expectNoMark(delivered.answer)
    },
  ),

  'every method of PaymentService gives an outcome, whatever its arguments': property(
    fc.record({
      method: fc.constantFrom(...METHODS),
      args: fc.array(fc.oneof(anyCloneable, toJson(FIELDS), fc.constantFrom(NUMBER, ORDER)), {
        maxLength: 3,
      }),
    }),
    async ({ method, args }) => {
      const service = new PaymentService(createExecutionContext(), app.bindings)
      const outcome: unknown = await Reflect.apply(Reflect.get(service, method), service, args)
      const { ok, error } = outcome as { ok: boolean; error?: { code: string } }
      expect(ok).toBe(error === undefined)
      expect(error?.code).not.toBe('internal_error')
      expectNoMark(error)
    },
  ),
}

// Signing and verifying take long.
testProperties(requests, 5)
