/**
 * WeChat Pay's error codes: what each one means on which call. The only place that knows them.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012068813
 */

import type { PaymentsErrorCode } from './errors'

/** The kinds of calls; one code can mean different things on different calls. */
export type PayCall = 'prepay' | 'query' | 'close' | 'refund' | 'refund_query' | 'echo'

/** What a refusal stands for. */
export interface Meaning {
  readonly code: PaymentsErrorCode
  /** What the operator should do; goes to the log only. */
  readonly advice?: string
}

interface CodeRow extends Meaning {
  /** WeChat Pay's code, without underscores: it has spelled them with and without. */
  readonly wechat: string
  /** The calls on which it means this; all of them if absent. */
  readonly calls?: readonly PayCall[]
}

/** The calls that use up a number. */
export const CREATING: readonly PayCall[] = ['prepay', 'refund']

export const SIGNATURE_ADVICE =
  'WeChat Pay rejects the signature: check WECHAT_PAY_PRIVATE_KEY, WECHAT_PAY_CERT_SERIAL_NO, WECHAT_PAY_MCHID, and that the APIv3 key is set in the merchant console'

export const CODES: readonly CodeRow[] = [
  { wechat: 'ORDERNOTEXIST', code: 'refund_unknown', calls: ['refund_query'] },
  { wechat: 'ORDERNOTEXIST', code: 'order_unknown' },
  { wechat: 'RESOURCENOTEXISTS', code: 'refund_unknown', calls: ['refund_query'] },
  { wechat: 'RESOURCENOTEXISTS', code: 'order_unknown' },
  { wechat: 'ORDERPAID', code: 'order_paid', calls: ['prepay', 'close'] },
  { wechat: 'ORDERCLOSED', code: 'order_closed', calls: ['prepay', 'close'] },
  { wechat: 'OUTTRADENOUSED', code: 'order_exists', calls: CREATING },
  { wechat: 'RULELIMIT', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'RULELIMIT', code: 'payment_refused', calls: ['prepay'] },
  { wechat: 'TRADEERROR', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'TRADEERROR', code: 'payment_refused', calls: ['prepay'] },
  { wechat: 'ACCOUNTERROR', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'ACCOUNTERROR', code: 'payment_refused', calls: ['prepay'] },
  { wechat: 'USERACCOUNTABNORMAL', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'USERACCOUNTABNORMAL', code: 'payment_refused', calls: ['prepay'] },
  { wechat: 'TRADEOVERDUE', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'REFUNDFEEMISMATCH', code: 'refund_refused', calls: ['refund'] },
  { wechat: 'NOTENOUGH', code: 'balance_too_low', calls: ['refund'] },
  { wechat: 'NOTENOUGH', code: 'payment_refused', calls: ['prepay'] },
  { wechat: 'FREQUENCYLIMITED', code: 'rate_limited' },
  { wechat: 'FREQUENCYLIMIT', code: 'rate_limited' },
  { wechat: 'RATELIMITEXCEEDED', code: 'rate_limited' },
  { wechat: 'PARAMERROR', code: 'invalid_request' },
  { wechat: 'INVALIDREQUEST', code: 'invalid_request' },
  { wechat: 'INVALIDTRANSACTIONID', code: 'invalid_request' },
  { wechat: 'OPENIDMISMATCH', code: 'invalid_request' },
  { wechat: 'SIGNERROR', code: 'misconfigured', advice: SIGNATURE_ADVICE },
  {
    wechat: 'NOAUTH',
    code: 'misconfigured',
    advice: 'this merchant may not use this product; open it in the merchant console',
  },
  {
    wechat: 'APPIDMCHIDNOTMATCH',
    code: 'misconfigured',
    advice: 'the appid is not bound to WECHAT_PAY_MCHID; bind it in the merchant console',
  },
  {
    wechat: 'MCHNOTEXISTS',
    code: 'misconfigured',
    advice: 'WECHAT_PAY_MCHID is not a merchant that WeChat Pay knows',
  },
]
