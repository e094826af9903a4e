/** Pays an order: checks the parameters, calls `wx.requestPayment`, and says why it failed. */

import { type Advice, Code2SessionError, toError } from './error'
import { readFields } from './fields'
import { callWx, type PaymentParameters, type Wx } from './wx'

/** The forms that WeChat takes. Of a wrong one it says little; a wrong signType looks cancelled. */
const PATTERNS: readonly (readonly [name: keyof PaymentParameters, pattern: RegExp])[] = [
  ['timeStamp', /^\d{10}$/],
  ['nonceStr', /^.{1,32}$/],
  ['package', /^prepay_id=./],
  ['signType', /^RSA$/],
  ['paySign', /./],
]

export async function pay(wx: Wx, parameters: PaymentParameters): Promise<'ok' | 'cancelled'> {
  requireParameters(parameters)
  return new Promise((resolve, reject) => {
    // WeChat 6.5.2 and older tell only `complete` that the user has cancelled.
    const complete = (result: unknown) => {
      if (isCancellation(result)) resolve('cancelled')
    }
    callWx(wx, 'requestPayment', { ...parameters, complete }, paymentFailed).then(
      () => resolve('ok'),
      (error) => (isCancellation(error) ? resolve('cancelled') : reject(error)),
    )
  })
}

/** @throws {Code2SessionError} `parameters_invalid`, which names the fields and holds no value */
function requireParameters(parameters: unknown): void {
  const fields = readFields(parameters)
  const wrong = PATTERNS.filter(([name, pattern]) => {
    const value = fields[name]
    return typeof value !== 'string' || !pattern.test(value)
  }).map(([name]) => name)
  if (!wrong[0]) return
  throw new Code2SessionError('parameters_invalid', 'fix_request', {
    detail: `pay() takes the five strings of POST /payments. Missing or wrong: ${wrong.join(', ')}`,
  })
}

function isCancellation(result: unknown): boolean {
  return /requestPayment:(fail )?cancel/.test(String(readFields(result).errMsg))
}

/** What to do about the failures that WeChat tells apart only in words. */
const ADVICE: readonly Advice[] = [
  [
    /^102 |no permission/,
    'WeChat has restricted payments: see the notices in the console of the mini program',
    'stop',
  ],
  [/签名/, 'Check the merchant private key, and that the order has the appid of this mini program'],
  [/String/, 'Pass every parameter as a string'],
  [/appid/, 'Place the order with the appid of this mini program, linked to the merchant'],
  [/账号不一致/, 'Place the order with the openid of the user who pays'],
  [/支付场景|支付方式/, 'Place a JSAPI order'],
]

/** `wx.requestPayment` failed. */
const paymentFailed = (failure: unknown) => toError(failure, 'wx_failed', 'stop', ADVICE)
