/** What the package gives as `code2session/pay`. */

export type { PayErrorCode, PaymentsErrorCode } from './pay/errors'
export type { PaymentEvent, PaymentHooks } from './pay/events'
export { createPaymentApp, type PaymentAppOptions } from './pay/http/app'
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
