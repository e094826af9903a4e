/**
 * The shop in examples/hooks with the login Worker and the payments Worker, all built, with D1 and KV
 * in Miniflare, and a WeChat Pay that verifies.
 */

import { type BuiltWorker, buildPayments } from './built-worker'
import { send } from './environment'
import { APPIDS, applyMigrations, buildHooksExample } from './hooks-example'
import { type MiniflareWorker, startMiniflare } from './miniflare'
import { startUpstream } from './upstream'
import { MCHID, PAY_SETTINGS } from './wechat-pay'
import { createCallback } from './wechat-pay-api'
import { startWeChatPay } from './wechat-pay-server'
import { createWorkerLog } from './worker-log'

/** All Workers at one address. A deployment has an address for each. */
const ROUTER = `export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/login') return env.LOGIN.fetch(request)
    return (pathname.startsWith('/wechat/pay/') ? env.PAY : env.SHOP).fetch(request)
  },
}`

/** As in wrangler.toml. */
export const USER_LIMIT = 30

export type Shop = Awaited<ReturnType<typeof serveShop>>

export interface BuiltShop {
  readonly login: BuiltWorker
  readonly hooks: BuiltWorker
  readonly pay: BuiltWorker
}

export interface ShopOptions {
  /** Vars and secrets of the hooks Worker. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether LOGIN, PAY and USER_LIMIT are bound to it. */
  readonly isBound?: boolean
}

export async function buildShop(): Promise<BuiltShop> {
  return { ...(await buildHooksExample()), pay: await buildPayments() }
}

export async function serveShop(
  built: BuiltShop,
  { settings = {}, isBound = true }: ShopOptions = {},
) {
  const wechat = await startUpstream(() => new URL('http://localhost'))
  const wechatPay = await startWeChatPay()
  const log = createWorkerLog()
  const HOOKS = { name: 'hooks', entrypoint: 'Hooks' }
  const LOGIN = { name: 'login', entrypoint: 'LoginService' }
  const PAY = { name: 'pay', entrypoint: 'PaymentService' }
  const apps = Object.fromEntries(APPIDS.map((appid) => [appid, 'a-secret']))
  const workers: [MiniflareWorker, ...MiniflareWorker[]] = [
    { name: 'router', code: ROUTER, services: { LOGIN: 'login', PAY: 'pay', SHOP: 'hooks' } },
    {
      name: 'login',
      code: built.login.code,
      kvNamespaces: ['SESSIONS'],
      services: { HOOKS },
      bindings: { WECHAT_APPS: JSON.stringify(apps), WECHAT_API_BASE: wechat.url },
    },
    {
      name: 'pay',
      code: built.pay.code,
      services: { LOGIN, HOOKS },
      bindings: { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: wechatPay.url },
    },
    {
      name: 'hooks',
      code: built.hooks.code,
      bindings: settings,
      d1Databases: ['DB'],
      ...(isBound && { services: { LOGIN, PAY }, rateLimits: { USER_LIMIT } }),
    },
  ]
  const { url, getBindings, runCron, close } = await startMiniflare(workers, { onLog: log.add })
  const { DB } = await getBindings<{ DB: D1Database }>('hooks')
  await applyMigrations(DB)

  async function sql<Row>(text: string, ...values: (string | number)[]): Promise<Row[]> {
    const statement = DB.prepare(text).bind(...values)
    return (await statement.all<Row>()).results
  }

  /** Delivers a callback as WeChat Pay does: the status that it gets. */
  async function deliver(type: string, fields: object): Promise<number> {
    const { headers, body } = await createCallback(type, fields, wechatPay.now())
    const path = new URL('/wechat/pay/events', url)
    return (await fetch(path, { method: 'POST', headers, body })).status
  }

  return {
    wechatPay,
    sql,
    /** How an order is in D1: its state, and how often it was delivered. */
    async readOrder(outTradeNo: string): Promise<[state: string, deliveries: number] | null> {
      const count = 'SELECT count(*) FROM deliveries WHERE deliveries.out_trade_no = ?1'
      const [row] = await sql<{ state: string; deliveries: number }>(
        `SELECT state, (${count}) AS deliveries FROM orders WHERE out_trade_no = ?1`,
        outTradeNo,
      )
      return row ? [row.state, row.deliveries] : null
    },
    /** The token of a user of the first mini program. */
    async logIn(openid: string): Promise<string> {
      const answer = { openid, session_key: 'tiihtNczf5v6AKRyjwEUhQ==' }
      wechat.next((_, response) => response.end(JSON.stringify(answer)))
      const body = { appid: APPIDS[0], code: crypto.randomUUID() }
      return ((await send(url, 'POST', '/login', { body })).answer as { token: string }).token
    },
    /** A request to the shop. */
    async send(method: 'GET' | 'POST', path: string, token: string) {
      const reply = await send(url, method, path, {
        token,
        ...(method === 'POST' && { body: {} }),
      })
      return { ...reply, answer: reply.answer as Record<string, unknown> }
    },
    deliver,
    /** Delivers the callback of a refund of this amount. */
    refund: (outTradeNo: string, amount = 1, type = 'REFUND.SUCCESS') =>
      deliver(type, {
        mchid: MCHID,
        out_trade_no: outTradeNo,
        out_refund_no: `R${outTradeNo}`,
        refund_id: '5',
        refund_status: type.slice('REFUND.'.length),
        amount: { refund: amount, total: 1 },
      }),
    /** Resolves with the line in which the hooks Worker reports an order. */
    findReport: (reason: string, outTradeNo: string) =>
      log.find(new RegExp(`${reason}[\\s\\S]*${outTradeNo}`)),
    /** The run of every minute. */
    runCron: () => runCron('hooks'),
    /** WeChat Pay was asked about all orders 3 seconds ago. */
    passTurns: () => sql('UPDATE orders SET asked_at = unixepoch() - 3'),
    /** WeChat Pay has just been asked about all orders, for as long as a test runs. */
    holdTurns: () => sql('UPDATE orders SET asked_at = unixepoch() + 3600'),
    /** Makes an order older, and due for a query. */
    age: (outTradeNo: string, seconds: number) =>
      sql(
        `UPDATE orders SET created_at = unixepoch() - ?, next_query_at = 0, asked_at = 0
          WHERE out_trade_no = ?`,
        seconds,
        outTradeNo,
      ),
    /** Runs this while D1 fails for each query of orders. */
    async withoutOrders<Result>(use: () => Promise<Result>): Promise<Result> {
      await sql('ALTER TABLE orders RENAME TO gone')
      try {
        return await use()
      } finally {
        await sql('ALTER TABLE gone RENAME TO orders')
      }
    },
    async close(): Promise<void> {
      await close()
      await wechat.close()
      await wechatPay.close()
    },
  }
}
