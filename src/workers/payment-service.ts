/** The RPC interface of payments: what the developer's other Workers call over a service binding. */

import { WorkerEntrypoint } from 'cloudflare:workers'
import { runMethod } from '../core/outcome'
import type { ProblemDetails } from '../core/problem'
import { parse } from '../core/schemas'
import type { PaymentsErrorCode } from '../pay/errors'
import type { Payment } from '../pay/orders'
import { createPayments, type Payments } from '../pay/payments'
import type { Refund } from '../pay/refunds'
import { OutRefundNo, OutTradeNo, RefundBody, toOrderBody } from '../pay/schemas'
import type { PaymentParameters } from '../pay/signature'
import { workersRuntime } from './runtime'

/**
 * The result of an RPC call; `error` is the problem that HTTP would answer.
 *
 * @example
 * const outcome = await env.PAY.getPayment('T20261125000001')
 * if (!outcome.ok) return Response.json(outcome.error, { status: outcome.error.status })
 */
export type PaymentOutcome<Result> =
  | ({ ok: true } & Result)
  | { ok: false; error: ProblemDetails<PaymentsErrorCode> }

/**
 * The body of `POST /payments`: a token, or appid and openid.
 *
 * @example
 * const order = { outTradeNo: 'T20261125000001', description: 'A cup of tea', total: 100 }
 * await env.PAY.createPayment({ token, ...order })
 */
export interface PaymentBody {
  readonly token?: string
  readonly appid?: string
  readonly openid?: string
  readonly outTradeNo: string
  readonly description: string
  /** In fen. */
  readonly total: number
  readonly attach?: string
  /** ISO 8601. */
  readonly expiresAt?: string
  readonly goodsTag?: string
}

/**
 * The body of `POST /payments/:outTradeNo/refunds`.
 *
 * @example
 * const refund = { outRefundNo: 'R20261125000001', refund: 50, total: 100 }
 * await env.PAY.createRefund('T20261125000001', refund)
 */
export interface PaymentRefundBody {
  readonly outRefundNo: string
  /** In fen. */
  readonly refund: number
  /** Of the order, in fen. */
  readonly total: number
  readonly reason?: string
}

/**
 * What a binding with `entrypoint = "PaymentService"` offers. No method throws.
 *
 * @example
 * type Env = { PAY: PaymentServiceMethods }
 */
export interface PaymentServiceMethods {
  /** Places an order: the argument of `wx.requestPayment`. */
  createPayment(body: PaymentBody): Promise<PaymentOutcome<{ parameters: PaymentParameters }>>

  /** The state of an order. */
  getPayment(outTradeNo: string): Promise<PaymentOutcome<{ payment: Payment }>>

  /** Closes an order that is not paid. */
  closePayment(outTradeNo: string): Promise<PaymentOutcome<object>>

  /** Asks for a refund. */
  createRefund(
    outTradeNo: string,
    body: PaymentRefundBody,
  ): Promise<PaymentOutcome<{ refund: Refund }>>

  /** The state of a refund. */
  getRefund(outRefundNo: string): Promise<PaymentOutcome<{ refund: Refund }>>
}

/**
 * What {@link createPaymentService} takes.
 *
 * @example
 * const options: PaymentServiceOptions = { payments: createPayments(workersRuntime) }
 */
export interface PaymentServiceOptions {
  /** What is behind the class; by default a service of its own in the Workers runtime. */
  readonly payments?: (env: object) => Payments
}

/**
 * Makes the entrypoint class.
 *
 * @example
 * export class PaymentService extends createPaymentService() {}
 */
export function createPaymentService({
  payments = createPayments(workersRuntime),
}: PaymentServiceOptions = {}): new (
  ctx: ExecutionContext,
  env: object,
) => WorkerEntrypoint<object> & PaymentServiceMethods {
  return class PaymentService extends WorkerEntrypoint<object> implements PaymentServiceMethods {
    createPayment(body: PaymentBody) {
      return runMethod(payments(this.env), 'createPayment', async (payments) => {
        const { order, payer } = parse(toOrderBody(payments.now()), body)
        return { parameters: await payments.placeOrder(order, payer) }
      })
    }

    getPayment(outTradeNo: string) {
      return runMethod(payments(this.env), 'getPayment', async (payments) => {
        const checked = parse(OutTradeNo, { outTradeNo })
        return { payment: await payments.queryOrder(checked.outTradeNo) }
      })
    }

    closePayment(outTradeNo: string) {
      return runMethod(payments(this.env), 'closePayment', async (payments) => {
        await payments.closeOrder(parse(OutTradeNo, { outTradeNo }).outTradeNo)
        return {}
      })
    }

    createRefund(outTradeNo: string, body: PaymentRefundBody) {
      return runMethod(payments(this.env), 'createRefund', async (payments) => {
        const checked = parse(OutTradeNo, { outTradeNo })
        const refund = { ...checked, ...parse(RefundBody, body) }
        return { refund: await payments.requestRefund(refund) }
      })
    }

    getRefund(outRefundNo: string) {
      return runMethod(payments(this.env), 'getRefund', async (payments) => {
        const checked = parse(OutRefundNo, { outRefundNo })
        return { refund: await payments.queryRefund(checked.outRefundNo) }
      })
    }
  }
}
