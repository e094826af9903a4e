/** The payments Worker of `npm run dev`: the real one, with the sandbox's WeChat Pay and its clock. */

import { env } from 'cloudflare:workers'
import { startRequest } from '../../src/core/log'
import { createHttpApp } from '../../src/pay/http/app'
import { createPayments, type Payments } from '../../src/pay/payments'
import { createPaymentService } from '../../src/workers/payment-service'
import { workersRuntime } from '../../src/workers/runtime'

/** What the sandbox's entrypoint `WeChatPay` offers besides `fetch`. */
interface WeChatPay {
  fetch(request: Request): Promise<Response>
  describe(): Promise<{ settings: Record<string, string>; skippedSeconds: number }>
}

const { WECHAT_PAY } = env as unknown as { readonly WECHAT_PAY: WeChatPay }

let skippedSeconds = 0
const runtime = {
  ...workersRuntime,
  now: () => workersRuntime.now() + skippedSeconds,
  fetch: (request: Request) => WECHAT_PAY.fetch(request),
  // The settings name the real hosts, which no socket must reach from here.
  connects: async () => true,
}
const createBound = createPayments(runtime)
/** The settings with which the service was made. The sandbox makes others when it starts again. */
let current: { readonly key: string; readonly payments: Payments } | undefined

async function ready(): Promise<Payments> {
  const described = await WECHAT_PAY.describe()
  skippedSeconds = described.skippedSeconds
  const key = described.settings.WECHAT_PAY_API_V3_KEY ?? ''
  if (current?.key !== key) {
    current = { key, payments: createBound({ ...env, ...described.settings }) }
  }
  return current.payments
}

const payments: Payments = {
  config: async () => (await ready()).config(),
  now: runtime.now,
  startRequest: () => startRequest(runtime),
  placeOrder: async (order, payer) => (await ready()).placeOrder(order, payer),
  queryOrder: async (outTradeNo) => (await ready()).queryOrder(outTradeNo),
  closeOrder: async (outTradeNo) => (await ready()).closeOrder(outTradeNo),
  requestRefund: async (request) => (await ready()).requestRefund(request),
  queryRefund: async (outRefundNo) => (await ready()).queryRefund(outRefundNo),
  receiveEvent: async (callback) => (await ready()).receiveEvent(callback),
}

const app = createHttpApp(() => payments)

export default { fetch: app.fetch }

export class PaymentService extends createPaymentService({ payments: () => payments }) {}
