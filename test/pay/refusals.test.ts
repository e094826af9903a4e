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
    ['ORDER_PAID', 399, 'pay_unavailable', 502],
    ['ORDER_NOT_EXIST', 499, 'order_unknown', 404],
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
          ...refusal(seen, spelled, '一段文字', { value: 'a secret' }),
          headers: { 'Request-ID': id },
        }))
        const { status: got, answer } = await place()
        expect([got, answer.code]).toEqual([status, code])
        if (repeatable.includes(code)) expect(answer.action).toBe('retry_later')
        const line = app.log.at(-1) ?? ''
        expect(line).toContain(`"HTTP status ${seen}, ${spelled}: 一段文字"`)
        expect(line).toContain(id)
        if (code === 'misconfigured') expect(line).toContain('"settings":[')
        expect(JSON.stringify(answer)).not.toContain('文字')
        expect(JSON.stringify([answer, line])).not.toContain('secret')
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

  it.each<[name: string, message: string, detail: object | undefined, path: string]>([
    [
      'the message',
      '输入源“/body/time_expire”映射到值字段“交易结束时间”字符串规则校验失败',
      { location: 'body', value: '20220421191948' },
      'expiresAt',
    ],
    [
      'the message, of a path',
      '输入源“/uri_template/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字节数 35，大于最大值 32',
      { location: 'uri_template', value: 35 },
      'outTradeNo',
    ],
    ['the value', '请求中含有未在API文档中定义的参数', { value: ['/body/payer/openid'] }, 'openid'],
    ['one of the values', 'x', { value: ['/body/secret', '/body/attach'] }, 'attach'],
    ['the value as a text', 'x', { value: '/body/goods_tag' }, 'goodsTag'],
    ['a value of appid', 'x', { value: '/body/appid' }, 'appid'],
    ['a value of a refund', 'x', { value: '/body/amount/refund' }, 'refund'],
    ['a value of out_refund_no', 'x', { value: '/body/out_refund_no' }, 'outRefundNo'],
    ['a value of reason', 'x', { value: '/body/reason' }, 'reason'],
    [
      'the field, before the message',
      '“/body/attach”',
      { field: '/body/description' },
      'description',
    ],
    ['what the message says of openid', '无效的openid', undefined, 'openid'],
    ['no field, where the name is not known', '“/body/secret”', { value: '/body/secret' }, ''],
    ['no field, where a value is no pointer', 'x', { value: 'openid' }, ''],
    ['no field, where a name is no pointer', 'attach', undefined, ''],
  ])('the field of a refusal is taken from %s', async (_, message, detail, path) => {
    for (const code of ['PARAM_ERROR', 'INVALID_REQUEST']) {
      app.pay.next(() => refusal(400, code, message, detail))
      const { status, answer } = await place()
      expect([status, answer.errors?.map((error) => error.path)]).toEqual([400, [path]])
      expect(JSON.stringify(answer)).not.toContain('20220421191948')
    }
  })

  it.each<[wechat: string, message: string, code: string, fault: object | null]>([
    ['NO_AUTH', '此商家的收款功能已被限制，暂无法支付', 'payment_refused', null],
    ['INVALID_REQUEST', '收款功能被限制', 'payment_refused', null],
    [
      'INVALID_REQUEST',
      'appid和openid不匹配',
      'invalid_request',
      { path: 'openid', message: 'belongs to another appid' },
    ],
    [
      'PARAM_ERROR',
      'Openid and AppID not match',
      'invalid_request',
      { path: 'openid', message: 'belongs to another appid' },
    ],
    [
      'PARAM_ERROR',
      '请求中含有未在API文档中定义的参数',
      'invalid_request',
      { path: '', message: 'is a field that WeChat Pay does not know' },
    ],
    ['NO_AUTH', '商户号该产品权限未开通', 'misconfigured', null],
    ['RULE_LIMIT', 'appid和openid不匹配', 'payment_refused', null],
  ])('%s that says “%s” is a %s', async (wechat, message, code, fault) => {
    app.pay.next(() => refusal(403, wechat, message))
    const { answer } = await place()
    expect(answer.code).toBe(code)
    expect(answer.errors).toEqual(fault ? [fault] : undefined)
    expect(app.log.at(-1)).toContain(message)
    const isRestricted = message.includes('收款功能')
    if (isRestricted)
      expect(app.log.at(-1)).toContain('has restricted what this merchant may receive')
  })

  it.each([
    ['NO_AUTH', '收款功能被限制', 'misconfigured', undefined],
    ['PARAM_ERROR', 'appid和openid不匹配', 'invalid_request', ''],
    ['PARAM_ERROR', '无效的openid', 'invalid_request', ''],
  ])(
    '%s that says “%s” of a query is a %s, as without the words',
    async (wechat, message, code, path) => {
      app.pay.next(() => refusal(403, wechat, message))
      const { answer } = await app.send('GET', '/payments/A00001')
      const fault = { path, message: 'WeChat Pay refuses this value' }
      expect([answer.code, answer.errors]).toEqual([code, path === undefined ? path : [fault]])
    },
  )

  it('the log has 120 characters of a message, without what may be a number, an openid or a key', async () => {
    const texts = [
      ['价格 12345 元', '价格 12345 元'],
      ['订单 123456 无效', '订单 … 无效'],
      ['手机13800138000号', '手机…号'],
      ['user oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', 'user …'],
      ['key abcdefghijklmno', 'key abcdefghijklmno'],
      ['key abcdefghijklmnop', 'key …'],
      ['T-2026_11-25-ABCDEF and 12-34_5678', '… and 12-34_5678'],
      ['ab123456cd', 'ab…cd'],
      ['茶'.repeat(121), '茶'.repeat(120)],
      ['🍵'.repeat(121), '🍵'.repeat(120)],
      [`${'x'.repeat(60_000)}茶`, '…茶'],
    ] as const
    for (const [message, logged] of texts) {
      app.pay.next(() => refusal(400, 'PARAM_ERROR', message))
      const { answer } = await place()
      expect(JSON.parse(app.log.at(-1) ?? '').reason).toBe(
        `HTTP status 400, PARAM_ERROR: ${logged}`,
      )
      expect(JSON.stringify(answer)).not.toContain(message)
    }
  })

  it('of a message, the first 500 characters tell the field', async () => {
    for (const [length, path] of [
      [500, 'openid'],
      [501, ''],
    ] as const) {
      app.pay.next(() => refusal(400, 'PARAM_ERROR', 'openid'.padStart(length)))
      expect((await place()).answer.errors?.[0]?.path).toBe(path)
    }
  })

  it('a message that is no text, or too long to be one, is no reason to fail', async () => {
    for (const message of [7, null, { a: 1 }, ['x'], 'appid'.repeat(13_000)]) {
      app.pay.next(() => ({
        status: 400,
        body: JSON.stringify({ code: 'PARAM_ERROR', message }),
        forgery: null,
      }))
      expect((await place()).answer.code).toBe('invalid_request')
    }
  })

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
    app.pay.next(() => refusal(400, 'PARAM_ERROR', '参数错误', detail))
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
