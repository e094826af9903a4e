/** The values in the examples of payments: one order, and its refund. */

import { APPID, OPENID } from '../example-values'

export const OUT_TRADE_NO = 'T20261125000001'
export const OUT_REFUND_NO = 'R20261125000001'
export const EXPIRES_AT = '2026-11-25T12:30:00.000Z'
const TRANSACTION_ID = '4200002026202611251234567890'

export const PARAMETERS = {
  timeStamp: '1795608000',
  nonceStr: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  package: 'prepay_id=wx2520000000000057f1b2c3d4e5f60000',
  signType: 'RSA',
  paySign: 'qH0qnS9oXQkVbHnQn1cZ3Vw0uY4d6g1lZ8bqTz5mJk7y0RZr4xC2Wg9sPq3aLtUe',
}

export const PAYMENT = {
  outTradeNo: OUT_TRADE_NO,
  state: 'SUCCESS',
  appid: APPID,
  openid: OPENID,
  total: 1,
  payerTotal: 1,
  currency: 'CNY',
  transactionId: TRANSACTION_ID,
  paidAt: '2026-11-25T12:00:15.000Z',
}

export const REFUND = {
  outRefundNo: OUT_REFUND_NO,
  outTradeNo: OUT_TRADE_NO,
  refundId: '50300002026112512345678901234',
  status: 'PROCESSING',
  refund: 1,
  total: 1,
  transactionId: TRANSACTION_ID,
  payerRefund: 1,
  currency: 'CNY',
}

export const EVENT_BODY = {
  id: 'EV-2018022511223320873',
  create_time: '2026-11-25T20:00:16+08:00',
  event_type: 'TRANSACTION.SUCCESS',
  resource_type: 'encrypt-resource',
  summary: '支付成功',
  resource: {
    algorithm: 'AEAD_AES_256_GCM',
    original_type: 'transaction',
    ciphertext: 'fQw8b0Jc1mYt7h3x',
    associated_data: 'transaction',
    nonce: 'fdasflkja484',
  },
}
