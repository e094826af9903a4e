/**
 * `npm run dev`: the Worker and the sandbox in one process. The sandbox stands in for WeChat and for
 * WeChat Pay, and a page at / shows what happens. The payments Worker runs beside it (pay/worker.ts).
 *
 * Other processes can use the sandbox as their WeChat, too: WECHAT_API_BASE=http://127.0.0.1:8787
 */

import { env, WorkerEntrypoint } from 'cloudflare:workers'
import { callHook, MISSING } from '../src/core/hook-calls'
import { createHttpApp } from '../src/login/http/app'
import { createService } from '../src/login/service'
import type { PaymentEvent } from '../src/pay/events'
import { createLoginService } from '../src/workers/login-service'
import { workersRuntime } from '../src/workers/runtime'
import { deleteFutureSessions } from './future-sessions'
import { createHooks } from './hooks'
import { isFoundAppid, MINI_PROGRAMS } from './mini-programs'
import { createPageApi } from './page-api'
import { createSandboxPay } from './pay'
import { isSandboxOrder } from './pay/shop'
import { openReply, pushRequest } from './push'
import { createRecorder } from './recorder'
import { findFile } from './static-files'
import { createClock, createDelay } from './time'
import { createSandbox } from './wechat'

interface Bindings {
  readonly ASSETS?: Fetcher
  readonly PAY?: Fetcher
  readonly HOOKS?: object
  readonly SHOP?: Fetcher
}

// The tests serve the built Worker without its files and without the payments Worker.
const { ASSETS, SESSIONS, PAY, SHOP, HOOKS = null } = env as Cloudflare.Env & Bindings

/** The service key of pay/wrangler.toml. */
const PAYMENTS_KEY = 'the-sandbox-payments-key-is-public-too'
const HOOK_MILLISECONDS = 2000

const clock = createClock(workersRuntime.now)
const delay = createDelay()
const recorder = createRecorder()
const { now } = clock

const pay = createSandboxPay({
  appids: [env.WECHAT_APPID, ...Object.keys(MINI_PROGRAMS)],
  now,
  deliver: recorder.recordRequests('wechat', callPay),
  findUserId: async (token) => (await service(recordedEnv).authenticate(token)).userId,
  callPayments: (method, path, body) =>
    callPay(
      new Request(`http://localhost${path}`, {
        method,
        headers: { Authorization: `Bearer ${PAYMENTS_KEY}`, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      }),
    ),
})

const sandbox = createSandbox({
  apps: { [env.WECHAT_APPID]: env.WECHAT_APPSECRET, ...toAppSecrets() },
  pay,
  now,
  deliver: async (appid, event) => {
    const { url, ...keys } = findPushEndpoint(appid)
    const options = { appid, ...keys, timestamp: now() }
    const request = await pushRequest(url, event, options)
    return openReply(await push(request), options)
  },
  pageApi: createPageApi({ clock, delay, recorder, sessions: SESSIONS }),
})

const callWeChat = recorder.recordRequests('worker', async (request) => {
  await delay.wait()
  return sandbox.fetch(request)
})
const hooks = recorder.recordHooks(createHooks(sandbox))
const paymentHooks = recorder.recordHooks({ onPayment: takeEvent })
// A Worker that is bound as HOOKS takes the place of the sandbox's own hooks.
const service = createService(
  { ...workersRuntime, now, fetch: callWeChat },
  'HOOKS' in env ? {} : { hooks },
)
const app = createHttpApp(service)
const recordedEnv = { ...env, SESSIONS: recorder.recordKV(SESSIONS) }
const push = recorder.recordRequests('wechat', async (request) => app.fetch(request, recordedEnv))

/** Set by the first request: a Worker cannot reach KV before it. */
let ready: Promise<void> | undefined

export default {
  async fetch(request, _, ctx) {
    ready ??= deleteFutureSessions(SESSIONS, now())
    await ready
    const url = new URL(request.url)
    const { pathname } = url
    if (/^\/(?:sandbox|sns|cgi-bin|wxa|v3)(?:\/|$)/.test(pathname)) return sandbox.fetch(request)
    if (/^\/(?:payments|refunds|wechat\/pay)(?:\/|$)/.test(pathname)) return callPay(request)
    // A developer's own Worker that is bound as SHOP. wrangler serves the first one only.
    if (SHOP && pathname.startsWith('/shop/')) {
      return SHOP.fetch(new Request(new URL(pathname.slice('/shop'.length), url), request))
    }
    return (await findFile(request, ASSETS)) ?? app.fetch(request, recordedEnv, ctx)
  },
} satisfies ExportedHandler<Cloudflare.Env>

export class LoginService extends createLoginService({ service: () => service(recordedEnv) }) {
  override verify(token: string) {
    recorder.recordCall('LOGIN.verify')
    return super.verify(token)
  }
}

/** What the payments Worker calls instead of WeChat Pay. */
export class WeChatPay extends WorkerEntrypoint {
  override fetch(request: Request): Promise<Response> {
    return callWeChat(request)
  }

  async describe() {
    return { settings: await pay.settings(), skippedSeconds: clock.skipped() }
  }
}

/** Takes the events of payments and refunds. */
export class PaymentHooks extends WorkerEntrypoint {
  async onPayment(event: PaymentEvent): Promise<void> {
    await paymentHooks.onPayment(event)
  }
}

/** Those of other orders than the sandbox's own go on to the developer's hooks, if there are any. */
async function takeEvent(event: PaymentEvent): Promise<unknown> {
  const { outTradeNo } = 'payment' in event ? event.payment : event.refund
  if (isSandboxOrder(outTradeNo)) return null
  const signal = workersRuntime.deadline(HOOK_MILLISECONDS)
  const answer = await callHook(HOOKS, { method: 'onPayment', argument: event, signal })
  return answer === MISSING ? null : answer
}

function toAppSecrets(): Record<string, string> {
  const pairs = Object.entries(MINI_PROGRAMS).map(([appid, { appsecret }]) => [appid, appsecret])
  return Object.fromEntries(pairs)
}

/** What message push of a mini program is set up with in its console. */
function findPushEndpoint(appid: string) {
  const url = 'http://localhost/wechat/events'
  if (isFoundAppid(appid)) {
    const { token, aesKey } = MINI_PROGRAMS[appid].push
    return { url: `${url}/${appid}`, token, encodingAESKey: aesKey }
  }
  return { url, token: env.WECHAT_PUSH_TOKEN, encodingAESKey: env.WECHAT_PUSH_AES_KEY }
}

async function callPay(request: Request): Promise<Response> {
  if (PAY) return PAY.fetch(request)
  const text = 'The payments Worker does not run. Start it with `npm run dev`.\n'
  return new Response(text, { status: 503 })
}
