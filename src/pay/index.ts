/** What the package gives as `code2session/pay`. */

export type { PayErrorCode, PaymentsErrorCode } from './errors'
export type { PaymentEvent, PaymentHooks } from './events'
export { createPaymentApp, type PaymentAppOptions } from './http/app'
export type { Order, Payment } from './orders'
export {
  createPaymentService,
  type PaymentBody,
  type PaymentOutcome,
  type PaymentRefundBody,
  type PaymentServiceMethods,
  type PaymentServiceOptions,
} from './payment-service'
export { createPayments, type Payer, type Payments, type PaymentsOptions } from './payments'
export type { Refund, RefundRequest } from './refunds'
export type { PaymentParameters } from './signature'
