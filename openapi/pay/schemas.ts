/** The shapes of the payments API, as JSON Schema. */

import { PAY_MAX_LENGTH } from '../../src/pay/schemas'
import { Health, nonEmpty, object, text, textUpTo, time } from '../schemas'

const fen = (description: string) => ({
  type: 'integer',
  minimum: 1,
  maximum: 2 ** 31 - 1,
  description: `${description}, in fen.`,
})

const outTradeNo = {
  ...text,
  pattern: '^[0-9A-Za-z_\\-*|]{6,32}$',
  description: 'Your number of the order: 6 to 32 letters, digits or `_-*|`.',
}
const outRefundNo = {
  ...text,
  pattern: '^[0-9A-Za-z_\\-*|@]{1,64}$',
  description: 'Your number of the refund: 1 to 64 letters, digits or `_-*|@`.',
}
const attach = {
  ...textUpTo(PAY_MAX_LENGTH.attach),
  description: 'Comes back in queries and callbacks. The user does not see it.',
}

const MAY_BE_ABSENT = "Before the payment, it is there only where WeChat Pay's response has it."

export const PAY_SCHEMAS = {
  PaymentRequest: object(
    {
      token: { ...text, description: 'The token of the user, instead of `appid` and `openid`.' },
      appid: { ...textUpTo(PAY_MAX_LENGTH.appid), description: 'Together with `openid`.' },
      openid: { ...textUpTo(PAY_MAX_LENGTH.openid), description: 'The payer, under this `appid`.' },
      outTradeNo,
      description: {
        ...textUpTo(PAY_MAX_LENGTH.description),
        description: 'What the user buys; WeChat shows it.',
      },
      total: fen('The price'),
      attach,
      expiresAt: {
        ...time,
        description: 'When it can no longer be paid: 1 minute to 7 days ahead.',
      },
      goodsTag: { ...textUpTo(PAY_MAX_LENGTH.goodsTag), description: 'For coupons of WeChat Pay.' },
    },
    ['outTradeNo', 'description', 'total'],
  ),
  PaymentParameters: object({
    timeStamp: { ...text, description: 'Unix seconds.' },
    nonceStr: text,
    package: text,
    signType: { ...text, const: 'RSA' },
    paySign: text,
  }),
  Payment: object(
    {
      outTradeNo,
      state: {
        ...text,
        description:
          '`NOTPAY`, then `SUCCESS` or `CLOSED`; `REFUND` after the first refund, even in part.',
      },
      appid: text,
      openid: { ...text, description: `The payer. ${MAY_BE_ABSENT}` },
      total: {
        ...fen('The price'),
        description: `The price, in fen. ${MAY_BE_ABSENT}`,
      },
      payerTotal: {
        type: 'integer',
        description: `The price without coupons, in fen. ${MAY_BE_ABSENT}`,
      },
      currency: { ...text, description: `\`CNY\`. ${MAY_BE_ABSENT}` },
      transactionId: {
        ...text,
        description: 'The number of WeChat Pay. Absent before the payment.',
      },
      paidAt: { ...time, description: 'Absent before the payment.' },
      attach,
    },
    ['outTradeNo', 'state', 'appid'],
  ),
  RefundRequest: object(
    {
      outRefundNo,
      refund: fen('What goes back'),
      total: fen('The price of the order'),
      reason: {
        ...nonEmpty,
        description: `The user sees it. At most ${PAY_MAX_LENGTH.reasonBytes} bytes of UTF-8.`,
      },
    },
    ['outRefundNo', 'refund', 'total'],
  ),
  Refund: object(
    {
      outRefundNo,
      outTradeNo,
      refundId: { ...text, description: 'The number of WeChat Pay.' },
      status: {
        ...text,
        description:
          '`PROCESSING`, then `SUCCESS`, `CLOSED` (not refunded) or `ABNORMAL` (see the merchant console).',
      },
      refund: fen('What goes back'),
      total: fen('The price of the order'),
      transactionId: text,
      payerRefund: { type: 'integer', description: 'What the payer gets, in fen.' },
      currency: text,
      refundedAt: time,
    },
    ['outRefundNo', 'outTradeNo', 'refundId', 'status', 'refund', 'total'],
  ),
  PaymentCallback: {
    type: 'object',
    description: "WeChat Pay's notification, whose `resource` is encrypted with the APIv3 key.",
  },
  CallbackFailure: object({ code: { ...text, const: 'FAIL' }, message: text }),
  Health,
}
