/** What the package gives as `code2session/pay`. */

import { createHttpApp, type PaymentAppOptions } from './pay/http/app'
import { createPayments } from './pay/payments'
import { workersRuntime } from './workers/runtime'

export type { PayErrorCode, PaymentsErrorCode } from './pay/errors'
export type { PaymentEvent, PaymentHooks } from './pay/events'
export type { PaymentAppOptions } from './pay/http/app'
export type { Order, Payment } from './pay/orders'
export { createPayments, type Payer, type Payments, type PaymentsOptions } from './pay/payments'
export type { Refund, RefundRequest } from './pay/refunds'
export type { PaymentParameters } from './pay/signature'
export {
  createPaymentService,
  type PaymentBody,
  type PaymentOutcome,
  type PaymentRefundBody,
  type PaymentServiceMethods,
  type PaymentServiceOptions,
} from './workers/payment-service'

/**
 * Makes the HTTP API of payments. Make it once and keep it: keys are imported once.
 *
 * @example
 * const app = new Hono().route('/', createPaymentApp())
 */
export function createPaymentApp({
  hooks,
  payments = createPayments(workersRuntime, hooks ? { hooks } : {}),
}: PaymentAppOptions = {}) {
  return createHttpApp(payments)
}
