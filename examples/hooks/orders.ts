/** Orders in D1: a function for each job. The tables are in migrations/. */

import type { Payment } from 'code2session/pay'

export interface Order {
  readonly outTradeNo: string
  readonly userId: string
  readonly appid: string
  readonly openid: string
  readonly product: string
  /** In fen. */
  readonly total: number
  readonly currency: string
  readonly state: 'unpaid' | 'paid' | 'closed' | 'refunded'
  /** Unix seconds. */
  readonly createdAt: number
}

/** What somebody buys. */
export type Purchase = Pick<Order, 'userId' | 'appid' | 'openid' | 'product' | 'total'>

/** How long an order can be paid, in seconds. */
export const PAYABLE_SECONDS = 30 * 60

/** A younger order is offered again. An older one has too little time left for the user. */
const REUSE_SECONDS = 20 * 60

/** WeChat Pay is asked about one order once in so many seconds, however often a phone wants it. */
export const ASK_SECONDS = 3

/** After so long, an order that is still unpaid is left to callbacks and people, in seconds. */
const QUERY_SECONDS = 24 * 3600

const COLUMNS = `out_trade_no AS outTradeNo, user_id AS userId, appid, openid, product, total,
  currency, state, created_at AS createdAt`

/**
 * The order to pay for a purchase: the user's unpaid one, or a new one. A user who taps twice
 * therefore pays once.
 *
 * @example
 * const { outTradeNo } = await openOrder(env.DB, { userId, appid, openid, product, total })
 */
export async function openOrder(db: D1Database, purchase: Purchase): Promise<Order> {
  const { userId, appid, openid, product, total } = purchase
  const unpaid = `user_id = ?1 AND appid = ?2 AND openid = ?3 AND product = ?4 AND total = ?5
    AND state = 'unpaid' AND created_at > unixepoch() - ${REUSE_SECONDS}`
  const values = [userId, appid, openid, product, total]
  const outTradeNo = crypto.randomUUID().replaceAll('-', '')
  const insert = `INSERT INTO orders (user_id, appid, openid, product, total, out_trade_no)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE ${unpaid})`
  const select = `SELECT ${COLUMNS} FROM orders WHERE ${unpaid} ORDER BY created_at DESC LIMIT 1`
  // A batch is a transaction, so two taps at once still open one order.
  const [, found] = await db.batch<Order>([
    db.prepare(insert).bind(...values, outTradeNo),
    db.prepare(select).bind(...values),
  ])
  const [order] = found?.results ?? []
  if (!order) throw new Error('The order was not opened')
  return order
}

export function findOrder(db: D1Database, outTradeNo: string): Promise<Order | null> {
  const sql = `SELECT ${COLUMNS} FROM orders WHERE out_trade_no = ?`
  return db.prepare(sql).bind(outTradeNo).first<Order>()
}

/** Whether WeChat Pay may be asked about an order now. After that, it may not for a few seconds. */
export async function takeTurn(db: D1Database, outTradeNo: string): Promise<boolean> {
  const sql = `UPDATE orders SET asked_at = unixepoch()
    WHERE out_trade_no = ? AND asked_at <= unixepoch() - ${ASK_SECONDS}`
  return (await db.prepare(sql).bind(outTradeNo).run()).meta.changes === 1
}

/**
 * Records a payment and delivers, both once. It changes nothing if appid, openid, total or currency
 * are not those of the order.
 *
 * @returns `delivered`; `repeated` if that was done before; `mismatch` if the payment does not fit
 */
export async function recordPayment(
  db: D1Database,
  payment: Payment,
): Promise<'delivered' | 'repeated' | 'mismatch'> {
  const { outTradeNo } = payment
  const order = await findOrder(db, outTradeNo)
  if (!order || !isFor(payment, order)) return 'mismatch'
  // A payment can come in while the order is being closed. Money that has arrived counts.
  const pay = `UPDATE orders SET state = 'paid'
    WHERE out_trade_no = ? AND state IN ('unpaid', 'closed')`
  const deliver = `INSERT INTO deliveries (out_trade_no, user_id, product)
    SELECT out_trade_no, user_id, product FROM orders WHERE out_trade_no = ? AND state = 'paid'
    ON CONFLICT DO NOTHING`
  const [, delivery] = await db.batch([pay, deliver].map((sql) => db.prepare(sql).bind(outTradeNo)))
  return delivery?.meta.changes === 1 ? 'delivered' : 'repeated'
}

function isFor({ appid, openid, total, currency }: Payment, order: Order): boolean {
  return (
    appid === order.appid &&
    openid === order.openid &&
    total === order.total &&
    currency === order.currency
  )
}

/**
 * Marks an order as refunded, also one whose payment is not recorded yet: a late callback must not
 * deliver it.
 *
 * @param amount In fen
 * @returns whether there is such an order, and this is its whole price
 */
export async function recordRefund(
  db: D1Database,
  outTradeNo: string,
  amount: number,
): Promise<boolean> {
  const sql = "UPDATE orders SET state = 'refunded' WHERE out_trade_no = ? AND total = ?"
  return (await db.prepare(sql).bind(outTradeNo, amount).run()).meta.changes === 1
}

/** Marks an unpaid order as closed, after WeChat Pay has closed it. */
export async function recordClosing(db: D1Database, outTradeNo: string): Promise<void> {
  const sql = "UPDATE orders SET state = 'closed' WHERE out_trade_no = ? AND state = 'unpaid'"
  await db.prepare(sql).bind(outTradeNo).run()
}

/**
 * Takes the turns of the unpaid orders to query now, and puts their next query off: to the double of their age, and at
 * the latest to the end of the time in which they can be paid.
 */
export async function takeOrdersToQuery(db: D1Database, limit: number): Promise<Order[]> {
  const sql = `UPDATE orders
    SET asked_at = unixepoch(),
      next_query_at = max(unixepoch() + 60, min(2 * unixepoch() - created_at,
        created_at + ${PAYABLE_SECONDS}))
    WHERE out_trade_no IN (SELECT out_trade_no FROM orders
      WHERE state = 'unpaid' AND next_query_at <= unixepoch()
        AND asked_at <= unixepoch() - ${ASK_SECONDS}
        AND created_at > unixepoch() - ${QUERY_SECONDS}
      ORDER BY next_query_at LIMIT ?)
    RETURNING ${COLUMNS}`
  return (await db.prepare(sql).bind(limit).all<Order>()).results
}
