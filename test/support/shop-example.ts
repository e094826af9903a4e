/** What the shop in examples/hooks needs: real D1 with its table, and the two Workers that it calls. */

import { readFileSync } from 'node:fs'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import type { Payment } from '../../src/pay'
import { PAY_ERRORS, type PayErrorCode } from '../../src/pay/errors'
import { COMPATIBILITY_DATE } from './miniflare'

export const USER = { userId: 'alice', appid: 'wx0000000000000001', openid: 'o-alice' }

/** Serves D1 with the table of orders, for use in Node. */
export async function startOrders() {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      compatibilityDate: COMPATIBILITY_DATE,
      d1Databases: ['DB'],
    }),
  )
  const db = (await miniflare.getD1Database('DB')) as unknown as D1Database
  const sql = readFileSync('examples/hooks/migrations/0002_orders.sql', 'utf8')
  const statements = sql.split(/;\s*$/m).filter((text) => text.trim() !== '')
  await db.batch(statements.map((text) => db.prepare(text)))
  const run = (text: string, ...values: unknown[]) => db.prepare(text).bind(...values)
  return {
    db,
    /** Makes an order older, and due for a query. */
    age: (outTradeNo: string, seconds: number) =>
      run(
        'UPDATE orders SET created_at = unixepoch() - ?, next_query_at = 0 WHERE out_trade_no = ?',
        seconds,
        outTradeNo,
      ).run(),
    /** In how many seconds an order will be queried. */
    secondsToQuery: (outTradeNo: string) =>
      run(
        'SELECT next_query_at - unixepoch() AS seconds FROM orders WHERE out_trade_no = ?',
        outTradeNo,
      ).first<number>('seconds'),
    countOrders: () => run('SELECT count(*) AS count FROM orders').first<number>('count'),
    countDeliveries: (outTradeNo: string) =>
      run(
        'SELECT count(*) AS count FROM deliveries WHERE out_trade_no = ?',
        outTradeNo,
      ).first<number>('count'),
    close: () => miniflare.dispose(),
  }
}

const parameters = {
  timeStamp: '1414561699',
  nonceStr: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  package: 'prepay_id=wx201410272009395522657a690389285100',
  signType: 'RSA' as const,
  paySign: 'c2lnbmF0dXJl',
}

/** The payments Worker with what it knows in memory, and the login Worker with alice's token. */
export function createWorkers() {
  const payments = new Map<string, Payment>()
  const placed: object[] = []
  const closed: string[] = []
  let failure: PayErrorCode | undefined

  const fail = (code: PayErrorCode) => {
    const { status, title, action, detail } = PAY_ERRORS[code]
    const error = { type: `urn:code2session:error:${code}`, status, title, action, detail, code }
    return { ok: false as const, error }
  }
  const findPayment = (outTradeNo: string) => {
    const payment = payments.get(outTradeNo)
    if (failure) return fail(failure)
    return payment ? { ok: true as const, payment } : fail('order_unknown')
  }

  return {
    placed,
    closed,
    /** What WeChat Pay knows about an order. */
    set: (payment: Payment) => payments.set(payment.outTradeNo, payment),
    failNext: (code: PayErrorCode | undefined) => {
      failure = code
    },
    PAY: {
      createPayment: async (body: object) => {
        placed.push(body)
        return failure ? fail(failure) : { ok: true as const, parameters }
      },
      getPayment: async (outTradeNo: string) => findPayment(outTradeNo),
      closePayment: async (outTradeNo: string) => {
        const found = findPayment(outTradeNo)
        if (!found.ok) return found
        if (found.payment.state === 'SUCCESS') return fail('order_paid')
        closed.push(outTradeNo)
        return { ok: true as const }
      },
    },
    LOGIN: {
      verify: async (token: string) =>
        token === 'alice-token'
          ? { ok: true as const, session: USER }
          : { ok: false as const, error: { status: 401, code: 'session_invalid' } },
    },
  }
}
