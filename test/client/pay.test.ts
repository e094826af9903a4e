import { reset } from 'cloudflare:test'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient, type PaymentParameters, type Wx } from '../../src/client'
import { type PaymentParameters as Signed, toPaymentParameters } from '../../src/pay/signature'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let parameters: Signed
let phone: Phone
let client: Client

beforeAll(async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const keys = await crypto.subtle.generateKey({ ...algorithm, ...size }, false, ['sign', 'verify'])
  const { privateKey } = keys as CryptoKeyPair
  const order = { appid: 'wx4f4bc4dec97d474b', prepayId: 'wx201410272009395522657a690389285100' }
  const prepay = { ...order, timestamp: 1_414_561_699, nonce: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS' }
  parameters = await toPaymentParameters(prepay, privateKey)
})

beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
})
afterEach(() => reset())

/** A client whose `wx.requestPayment` ends in this way. */
function createPayer(requestPayment: (options: Record<string, Call>) => unknown): Client {
  const wx = { ...phone.wx, requestPayment } as unknown as Wx
  return createClient({ baseUrl: BASE_URL, wx })
}

type Call = (result?: unknown) => void

function failWith(failure: { errMsg: string; errno?: number }) {
  phone.failing.set('requestPayment', failure)
  return client.pay(parameters)
}

describe('pay()', () => {
  it('pay() returns ok if WeChat says that the user has paid', async () => {
    expect(await client.pay(parameters)).toBe('ok')
  })

  it('pay() gives wx.requestPayment the five strings of the payments Worker unchanged', async () => {
    await client.pay(parameters)
    const [{ success, fail, complete, ...given }] = phone.payments as [Record<string, unknown>]
    expect(given).toEqual(parameters)
  })

  it('pay() needs no session', async () => {
    await client.pay(parameters)
    expect(phone.logins).toBe(0)
  })

  it.each(['requestPayment:fail cancel', 'requestPayment:cancel'])(
    'pay() returns cancelled for “%s”',
    async (errMsg) => {
      expect(await failWith({ errMsg })).toBe('cancelled')
    },
  )

  it('pay() returns cancelled if only complete is called, as in WeChat 6.5.2 and older', async () => {
    const payer = createPayer(({ complete }) => complete?.({ errMsg: 'requestPayment:cancel' }))
    expect(await payer.pay(parameters)).toBe('cancelled')
  })

  it('pay() returns cancelled if wx.requestPayment rejects, as Taro’s does', async () => {
    const payer = createPayer(() => Promise.reject({ errMsg: 'requestPayment:fail cancel' }))
    expect(await payer.pay(parameters)).toBe('cancelled')
  })

  it('pay() returns ok if complete is called before success', async () => {
    const result = { errMsg: 'requestPayment:ok' }
    const payer = createPayer(({ success, complete }) => {
      complete?.(result)
      success?.(result)
    })
    expect(await payer.pay(parameters)).toBe('ok')
  })
})

describe('a payment that failed', () => {
  it.each([
    ['支付验证签名失败', 'fix_request', 'merchant private key'],
    ['parameter error: parameter.timeStamp should be String', 'fix_request', 'as a string'],
    ['商户传入的appid参数不正确', 'fix_request', 'linked to the merchant'],
    ['下单账号与支付账号不一致，请核实后再支付', 'fix_request', 'the user who pays'],
    ['支付场景非法', 'fix_request', 'JSAPI'],
    ['当前商户该支付方式存在异常', 'fix_request', 'JSAPI'],
    ['jsapi has no permission', 'stop', 'restricted'],
  ])(
    '“%s” is wx_failed with the action %s and a message about “%s”',
    async (said, action, text) => {
      const errMsg = `requestPayment:fail (${said})`
      await expect(failWith({ errMsg })).rejects.toMatchObject({
        name: 'Code2SessionError',
        code: 'wx_failed',
        action,
        errMsg,
        message: expect.stringContaining(text),
      })
    },
  )

  it('errno 102 says that WeChat has restricted payments, whatever its errMsg', async () => {
    const failure = { errMsg: 'requestPayment:fail', errno: 102 }
    const message = expect.stringContaining('restricted')
    await expect(failWith(failure)).rejects.toMatchObject({ ...failure, action: 'stop', message })
  })

  it('a failure that is not known has WeChat’s errMsg as its message', async () => {
    const errMsg = 'requestPayment:fail (系统繁忙)'
    await expect(failWith({ errMsg })).rejects.toMatchObject({
      code: 'wx_failed',
      action: 'stop',
      message: errMsg,
      errMsg,
    })
  })

  it('a mini game, which has no wx.requestPayment, gets an error that names it', async () => {
    const { requestPayment, ...wx } = phone.wx
    await expect(createClient({ baseUrl: BASE_URL, wx }).pay(parameters)).rejects.toMatchObject({
      code: 'wx_failed',
      errMsg: 'requestPayment:fail wx.requestPayment does not exist here',
    })
  })
})

describe('parameters that cannot be paid', () => {
  it.each([
    ['timeStamp', undefined],
    ['timeStamp', 1_414_561_699],
    ['timeStamp', '1414561699000'],
    ['timeStamp', 'at 1414561699'],
    ['nonceStr', ''],
    ['nonceStr', 'n'.repeat(33)],
    ['package', undefined],
    ['package', 'wx201410272009395522657a690389285100'],
    ['package', 'Sign=WXPay'],
    ['package', 'a prepay_id=1'],
    ['package', 'prepay_id='],
    ['signType', undefined],
    ['signType', 'MD5'],
    ['signType', 'RSA2'],
    ['signType', 'HRSA'],
    ['paySign', ''],
  ])('%s %o is refused without a call of wx, and only the field is named', async (name, value) => {
    const wrong = { ...parameters, [name]: value } as PaymentParameters
    const message = `pay() takes the five strings of POST /payments. Missing or wrong: ${name}`
    await expect(client.pay(wrong)).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'parameters_invalid',
      action: 'fix_request',
      message,
    })
    expect(phone.payments).toEqual([])
  })

  it('a nonceStr may have 1 to 32 characters', async () => {
    for (const length of [1, 32]) {
      expect(await client.pay({ ...parameters, nonceStr: 'n'.repeat(length) })).toBe('ok')
    }
  })

  it.each([undefined, null, 'prepay_id=1', {}])('%o lacks all five fields', async (value) => {
    await expect(client.pay(value as unknown as PaymentParameters)).rejects.toMatchObject({
      code: 'parameters_invalid',
      message: expect.stringMatching(/timeStamp, nonceStr, package, signType, paySign$/),
    })
  })
})
