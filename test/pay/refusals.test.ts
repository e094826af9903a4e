/** What WeChat Pay's refusals of an order become. */

import { describe, expect, it } from 'vitest'
import { refusal } from '../../sandbox/pay/responses'
import { ORDER, usePayApp } from '../support/pay-app'

const app = usePayApp()

const place = (fields: object = {}) => app.send('POST', '/payments', { ...ORDER, ...fields })

describe('refusals of WeChat Pay', () => {
  const codes = [
    ['PARAM_ERROR', 400, 'invalid_request', 400],
    ['INVALID_REQUEST', 400, 'invalid_request', 400],
    ['APPID_MCHID_NOT_MATCH', 400, 'misconfigured', 500],
    ['MCH_NOT_EXISTS', 400, 'misconfigured', 500],
    ['SIGN_ERROR', 401, 'misconfigured', 500],
    ['NO_AUTH', 403, 'misconfigured', 500],
    ['RULE_LIMIT', 403, 'payment_refused', 403],
    ['TRADE_ERROR', 403, 'payment_refused', 403],
    ['ACCOUNT_ERROR', 403, 'payment_refused', 403],
    ['USER_ACCOUNT_ABNORMAL', 403, 'payment_refused', 403],
    ['NOT_ENOUGH', 403, 'payment_refused', 403],
    ['REFUND_FEE_MISMATCH', 400, 'pay_unavailable', 502],
    ['ORDER_NOT_EXIST', 404, 'order_unknown', 404],
    ['FREQUENCY_LIMITED', 429, 'rate_limited', 429],
    ['FREQUENCY_LIMIT', 429, 'rate_limited', 429],
    ['RATELIMIT_EXCEEDED', 429, 'rate_limited', 429],
    ['SYSTEM_ERROR', 500, 'pay_unavailable', 502],
    ['BANK_ERROR', 500, 'pay_unavailable', 502],
    ['SERVICE_UNAVAILABLE', 503, 'pay_unavailable', 502],
    ['OPENID_MISMATCH', 400, 'invalid_request', 400],
    ['INVALID_TRANSACTIONID', 400, 'invalid_request', 400],
    // A code refuses under 4xx only.
    ['PARAM_ERROR', 500, 'pay_unavailable', 502],
    ['ORDER_NOT_EXIST', 500, 'pay_unavailable', 502],
    ['ORDER_CLOSED', 503, 'pay_unavailable', 502],
    ['ORDER_PAID', 302, 'pay_unavailable', 502],
    ['FREQUENCY_LIMITED', 302, 'pay_unavailable', 502],
    ['SIGN_ERROR', 500, 'pay_unavailable', 502],
    ['RULE_LIMIT', 307, 'pay_unavailable', 502],
    ['A_NEW_CODE', 429, 'rate_limited', 429],
    ['A_NEW_CODE', 401, 'misconfigured', 500],
    ['A_NEW_CODE', 403, 'pay_unavailable', 502],
  ] as const
  const repeatable: readonly string[] = ['pay_unavailable', 'rate_limited']
  const id = '08F78BC2A80610D305189E8CDB5020A8EDC-268435461'

  it.each(codes)(
    '%s with status %d is a %s, spelled with and without underscores',
    async (wechat, seen, code, status) => {
      for (const spelled of [wechat, wechat.replaceAll('_', '')]) {
        app.pay.next(() => ({
          ...refusal(seen, spelled, '一段文字 with a secret'),
          headers: { 'Request-ID': id },
        }))
        const { status: got, answer } = await place()
        expect([got, answer.code]).toEqual([status, code])
        if (repeatable.includes(code)) expect(answer.action).toBe('retry_later')
        const line = app.log.at(-1) ?? ''
        expect(line).toContain(spelled)
        expect(line).toContain(id)
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
    [{ field: '/body/attach', detail: { issue: 'secret' } }, 'attach'],
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
