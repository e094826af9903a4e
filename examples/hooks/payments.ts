/** What happens to orders after the purchase: WeChat Pay's callbacks, and queries for lost ones. */

import type { Payment, PaymentEvent, PaymentServiceMethods } from 'code2session/pay'
import {
  findOrder,
  type Order,
  PAYABLE_SECONDS,
  recordClosing,
  recordPayment,
  recordRefund,
  takeOrdersToQuery,
} from './orders'

export interface PaymentsEnv {
  readonly DB: D1Database
  /** The entrypoint `PaymentService` of the payments Worker. */
  readonly PAY: PaymentServiceMethods
}

/** On the Free plan, a run may make 50 queries to D1. An order needs up to 4 of them. */
const ORDERS_PER_RUN = 10

/**
 * Takes an outcome. It throws only where D1 fails, so that WeChat Pay calls again: a payment that
 * does not fit its order would not fit the next time either, and needs a human.
 */
export async function onPayment(db: D1Database, event: PaymentEvent): Promise<void> {
  if ('payment' in event) return settlePayment(db, event.payment)
  const { outTradeNo, status, refund } = event.refund
  if (status !== 'SUCCESS') return report('a refund has failed', outTradeNo)
  // This shop refunds whole orders only.
  const isWhole = await recordRefund(db, outTradeNo, refund)
  if (!isWhole) report('a refund is not the whole price of an order', outTradeNo)
}

async function settlePayment(db: D1Database, payment: Payment): Promise<void> {
  if (payment.state !== 'SUCCESS') return
  const result = await recordPayment(db, payment)
  if (result === 'mismatch') report('a payment fits no order', payment.outTradeNo)
}

/**
 * The order as it is now: an unpaid one is queried, and closed once its time is over. The caller has
 * taken its turn.
 */
export async function refreshOrder({ DB, PAY }: PaymentsEnv, order: Order): Promise<Order> {
  const { outTradeNo, state, createdAt } = order
  if (state !== 'unpaid') return order
  const outcome = await PAY.getPayment(outTradeNo)
  // Whether it is paid is not known, even if it is an order_unknown: that may be unsigned.
  if (!outcome.ok) return order
  await applyPayment(DB, outcome.payment)
  const current = (await findOrder(DB, outTradeNo)) ?? order
  const isOver = Date.now() / 1000 >= createdAt + PAYABLE_SECONDS
  if (current.state !== 'unpaid' || !isOver) return current
  await closeOrder({ DB, PAY }, outTradeNo)
  return (await findOrder(DB, outTradeNo)) ?? current
}

async function applyPayment(db: D1Database, payment: Payment): Promise<void> {
  const { outTradeNo, state, total = 0 } = payment
  if (state === 'CLOSED') return recordClosing(db, outTradeNo)
  if (state !== 'REFUND') return settlePayment(db, payment)
  // The query does not say whether the whole price went back, so a human decides.
  await recordRefund(db, outTradeNo, total)
  report('an order was refunded before it was delivered', outTradeNo)
}

/** WeChat Pay closes first. If the user has paid meanwhile, the next query finds the payment. */
async function closeOrder({ DB, PAY }: PaymentsEnv, outTradeNo: string): Promise<void> {
  const outcome = await PAY.closePayment(outTradeNo)
  if (outcome.ok || outcome.error.code === 'order_closed') await recordClosing(DB, outTradeNo)
}

/** Run it every minute, which is as often as a cron trigger can: callbacks can get lost. */
export async function queryOrders(env: PaymentsEnv): Promise<void> {
  const orders = await takeOrdersToQuery(env.DB, ORDERS_PER_RUN)
  const results = await Promise.allSettled(orders.map((order) => refreshOrder(env, order)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw new Error('An order could not be queried', { cause: failed.reason })
}

function report(reason: string, outTradeNo: string): void {
  console.error({ level: 'error', reason, outTradeNo })
}
