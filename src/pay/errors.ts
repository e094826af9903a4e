/**
 * The failures of payments, as rows of the shared error table: those that it does not have, and those
 * whose text differs for payments; `payProblem` throws them.
 */

import type { ErrorRow } from '../core/error-row'
import { ERRORS, type ErrorCode } from '../core/errors'
import { Problem } from '../core/problem'

export const PAY_ERRORS = {
  order_exists: {
    status: 409,
    title: 'Number in use',
    action: 'fix_request',
    detail: 'This outTradeNo belongs to an order with other fields. Query it, or use a new number.',
  },
  order_paid: {
    status: 409,
    title: 'Order already paid',
    action: 'fix_request',
    detail: 'This order has been paid. Query it, and deliver.',
  },
  order_closed: {
    status: 409,
    title: 'Order closed',
    action: 'fix_request',
    detail: 'This order is closed. Use a new outTradeNo.',
  },
  order_unknown: {
    status: 404,
    title: 'Order unknown',
    action: 'fix_request',
    detail:
      'WeChat Pay says that it has no order with this outTradeNo. Conclude nothing from it, and use no other number.',
  },
  refund_unknown: {
    status: 404,
    title: 'Refund unknown',
    action: 'fix_request',
    detail:
      'WeChat Pay says that it has no refund with this outRefundNo. Conclude nothing from it, and use no other number.',
  },
  refund_refused: {
    status: 409,
    title: 'Refund refused',
    action: 'stop',
    detail: 'WeChat Pay refuses this refund: it is too late, too much, or the account is closed.',
  },
  payment_refused: {
    status: 403,
    title: 'Payment refused',
    action: 'stop',
    detail:
      'WeChat Pay refuses this payment because of a risk, a rule, or the account of the payer.',
  },
  balance_too_low: {
    status: 409,
    title: 'Balance too low',
    action: 'stop',
    detail: 'The balance of the merchant does not cover this refund. Add money, then repeat it.',
  },
  pay_timeout: {
    status: 504,
    title: 'WeChat Pay did not answer in time',
    action: 'retry_later',
    detail: 'The outcome is not known. Repeat the same request with the same number, or query it.',
    retryAfter: 5,
  },
  pay_unavailable: {
    status: 502,
    title: 'WeChat Pay unavailable',
    action: 'retry_later',
    detail:
      'WeChat Pay gave no answer that can be trusted, so the outcome is not known. Repeat the same request with the same number, or query it.',
    retryAfter: 5,
  },
  rate_limited: {
    ...ERRORS.rate_limited,
    detail:
      'WeChat Pay limits how often a merchant may make this call. Repeat the same request with the same number later.',
  },
  not_found: {
    ...ERRORS.not_found,
    detail: 'There is nothing at this path. Paths are exact: lower case, no trailing slash.',
  },
} as const satisfies Record<string, ErrorRow>

/**
 * A code of payments, or a shared one with a text of its own.
 *
 * @example
 * const isUnknown = (code: PayErrorCode) => code === 'pay_timeout' || code === 'pay_unavailable'
 */
export type PayErrorCode = keyof typeof PAY_ERRORS

/**
 * Every code that a call of the payments Worker can fail with.
 *
 * @example
 * const isNoSession = (code: PaymentsErrorCode) => code === 'session_invalid'
 */
export type PaymentsErrorCode = ErrorCode | PayErrorCode

const ROWS: Readonly<Record<PaymentsErrorCode, ErrorRow>> = { ...ERRORS, ...PAY_ERRORS }

/** A problem of payments, with the text that its code has here. */
export function payProblem<Code extends PaymentsErrorCode>(
  code: Code,
  options: ConstructorParameters<typeof Problem>[1] = {},
): Problem<Code> {
  return new Problem(code, options, ROWS[code])
}
