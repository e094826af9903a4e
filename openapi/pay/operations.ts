/** The operations of the payments Worker. */

import type { PayCall } from '../../src/pay/codes'
import type { PaymentsErrorCode } from '../../src/pay/errors'
import { TOKEN } from '../example-values'
import { health, json, noContent, type Operation, parameter, ref } from '../operation'
import {
  EVENT_BODY,
  EXPIRES_AT,
  OUT_REFUND_NO,
  OUT_TRADE_NO,
  PARAMETERS,
  PAYMENT,
  REFUND,
} from './examples'

const ORDER = parameter('outTradeNo', 'path', 'Your number of the order.', OUT_TRADE_NO)
const REFUND_NO = parameter('outRefundNo', 'path', 'Your number of the refund.', OUT_REFUND_NO)

const OF_SERVICE = { tag: 'Backend', caller: 'service' } as const

const PAYMENTS: readonly Operation<PaymentsErrorCode, PayCall>[] = [
  {
    ...OF_SERVICE,
    id: 'createPayment',
    method: 'post',
    path: '/payments',
    summary: 'Place an order',
    description:
      'The payer is either a `token` of the login Worker, or an `appid` and an `openid`. Repeat the same body with the same `outTradeNo` where the outcome is not known; it places no second order.',
    body: {
      schema: ref('PaymentRequest'),
      example: {
        token: TOKEN,
        outTradeNo: OUT_TRADE_NO,
        description: 'A cup of tea',
        total: 1,
        expiresAt: EXPIRES_AT,
      },
    },
    success: json('PaymentParameters', PARAMETERS, 'The argument of `wx.requestPayment`'),
    calls: ['prepay'],
    errors: ['session_invalid', 'store_unavailable'],
  },
  {
    ...OF_SERVICE,
    id: 'getPayment',
    method: 'get',
    path: '/payments/{outTradeNo}',
    summary: 'Query an order',
    parameters: [ORDER],
    success: json('Payment', PAYMENT, 'The order as WeChat Pay knows it'),
    calls: ['query'],
  },
  {
    ...OF_SERVICE,
    id: 'closePayment',
    method: 'post',
    path: '/payments/{outTradeNo}/close',
    summary: 'Close an order',
    description: 'Only an order that is not paid can be closed. Closing it again succeeds.',
    parameters: [ORDER],
    success: noContent('The order is closed, and nobody can pay it any more'),
    calls: ['close'],
  },
]

const REFUNDS: readonly Operation<PaymentsErrorCode, PayCall>[] = [
  {
    ...OF_SERVICE,
    id: 'createRefund',
    method: 'post',
    path: '/payments/{outTradeNo}/refunds',
    summary: 'Refund an order',
    description:
      'Repeat the same body with the same `outRefundNo` where the outcome is not known. With another number, the money may go back twice.',
    parameters: [ORDER],
    body: {
      schema: ref('RefundRequest'),
      example: { outRefundNo: OUT_REFUND_NO, refund: 1, total: 1, reason: 'Sold out' },
    },
    success: json('Refund', REFUND, 'The refund is accepted; `status` says whether it is done'),
    calls: ['refund'],
  },
  {
    ...OF_SERVICE,
    id: 'getRefund',
    method: 'get',
    path: '/refunds/{outRefundNo}',
    summary: 'Query a refund',
    parameters: [REFUND_NO],
    success: json('Refund', { ...REFUND, status: 'SUCCESS' }),
    calls: ['refund_query'],
  },
]

const CALLBACK: Operation<PaymentsErrorCode, PayCall> = {
  id: 'receivePaymentEvent',
  method: 'post',
  path: '/wechat/pay/events',
  tag: 'WeChat',
  caller: 'anyone',
  summary: 'Receive an event',
  description:
    'The body is verified with the four `Wechatpay-` headers, decrypted, and goes to the Queue `EVENTS` and the hook `onPayment`. Failures are `{"code":"FAIL","message"}`, the form that WeChat Pay wants, and not problem details.',
  body: { schema: ref('PaymentCallback'), example: EVENT_BODY },
  success: noContent('The Queue or the hook has the event'),
  errors: ['event_refused', 'hook_unavailable', 'store_unavailable'],
  toFailure: ([error]) => ({
    'application/json': {
      schema: ref('CallbackFailure'),
      example: { code: 'FAIL', message: error?.row.title },
    },
  }),
}

export const PAY_OPERATIONS: readonly Operation<PaymentsErrorCode, PayCall>[] = [
  ...PAYMENTS,
  ...REFUNDS,
  CALLBACK,
  health('Does not ask WeChat Pay, and succeeds even if a setting is wrong.'),
]
