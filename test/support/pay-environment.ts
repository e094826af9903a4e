/** The payments Worker as it is deployed, between the login Worker and the developer's own Workers. */

import { buildPayments, buildProduction } from './built-worker'
import { CREDENTIALS, startEnvironment } from './environment'
import { startMiniflare } from './miniflare'
import { PAY_SETTINGS } from './wechat-pay'
import { startWeChatPay } from './wechat-pay-server'

/** The service key of the payments Worker. */
export const PAY_KEY = 'p'.repeat(32)

/** The developer's Worker: `/rpc/<method>` calls PaymentService with the JSON body as arguments. */
const CALLER = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/login') return env.LOGIN_HTTP.fetch(request)
    if (pathname === '/events') return env.HOOKS_HTTP.fetch(request)
    if (request.headers.has('X-No-Hook')) return env.NO_HOOK_HTTP.fetch(request)
    if (!pathname.startsWith('/rpc/')) return env.PAY_HTTP.fetch(request)
    try {
      return Response.json((await env.PAY[pathname.slice(5)](...(await request.json()))) ?? null)
    } catch (error) {
      return Response.json({ thrown: error.message }, { status: 500 })
    }
  },
}`

/** The developer's hook, which keeps what it gets, and fails for orders that are named so. */
const HOOKS = `import { WorkerEntrypoint } from 'cloudflare:workers'
const events = []
export default { fetch: () => Response.json(events) }
export class Hooks extends WorkerEntrypoint {
  async onPayment(event) {
    events.push(event)
    if (event.key.includes('FAILS')) throw new Error('a secret')
    if (event.key.includes('HANGS')) await new Promise(() => {})
  }
}`

/** Nothing listens on port 1. */
const REFUSING = 'http://127.0.0.1:1'

/** Builds and serves all of them. The first host of WeChat Pay refuses connections. */
export async function startPayEnvironment() {
  const payments = await buildPayments()
  const login = await buildProduction()
  const environment = await startEnvironment()
  const wechatPay = await startWeChatPay()
  const logs: string[] = []
  const apiBase = `${REFUSING},${wechatPay.url}`
  const server = await startMiniflare(
    [
      {
        name: 'caller',
        code: CALLER,
        services: {
          PAY_HTTP: 'pay',
          LOGIN_HTTP: 'login',
          HOOKS_HTTP: 'hooks',
          NO_HOOK_HTTP: 'no-hook',
          PAY: { name: 'pay', entrypoint: 'PaymentService' },
        },
      },
      {
        name: 'pay',
        code: payments.code,
        bindings: { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: apiBase, SERVICE_KEYS: PAY_KEY },
        services: {
          LOGIN: { name: 'login', entrypoint: 'LoginService' },
          HOOKS: { name: 'hooks', entrypoint: 'Hooks' },
        },
      },
      {
        name: 'login',
        code: login.code,
        kvNamespaces: ['SESSIONS'],
        bindings: { ...CREDENTIALS, WECHAT_API_BASE: environment.upstream.url },
      },
      { name: 'hooks', code: HOOKS },
      {
        name: 'no-hook',
        code: payments.code,
        bindings: { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: apiBase },
        // An entrypoint without onPayment.
        services: {
          HOOKS: { name: 'login', entrypoint: 'LoginService' },
        },
      },
    ],
    { onLog: (line) => void logs.push(line) },
  )

  async function close(): Promise<void> {
    await server.close()
    await wechatPay.close()
    await environment.close()
  }

  return { payments, login, logIn: environment.logIn, wechatPay, url: server.url, logs, close }
}
