/**
 * A shop of one product, as a developer's backend has it. It takes the requests of the shop in
 * examples/hooks, and keeps nothing: WeChat Pay has the orders, and `attach` says whose they are.
 */

import { type Context, Hono } from 'hono'
import { requireBearerToken } from '../../src/core/credentials'
import { Problem, problemResponse, toProblem } from '../../src/core/problem'

interface ShopOptions {
  /** The user of a token. Rejects with `session_invalid`. */
  readonly findUserId: (token: string) => Promise<string>
  /** Calls the payments Worker with its service key. */
  readonly callPayments: (method: string, path: string, body?: object) => Promise<Response>
}

/** What the sandbox's own order numbers begin with. */
const PREFIX = 'sandbox-'

/** The phone names no product and no price. */
const TEA = { description: '一杯茶', total: 1 }

const STATES: Readonly<Record<string, string>> = {
  NOTPAY: 'unpaid',
  SUCCESS: 'paid',
  CLOSED: 'closed',
  REFUND: 'refunded',
}

/** Whether this is the number of an order of the sandbox itself: of its shop, or of its page. */
export const isSandboxOrder = (outTradeNo: string) => outTradeNo.startsWith(PREFIX)

export function createShop({ findUserId, callPayments }: ShopOptions): Hono {
  const shop = new Hono()

  /** Buys a cup of tea: `{"outTradeNo","parameters"}`. */
  shop.post('/orders', (c) =>
    withToken(c, async (token) => {
      const outTradeNo = createOutTradeNo()
      const attach = await findUserId(token)
      const order = { token, outTradeNo, attach, ...TEA }
      const response = await callPayments('POST', '/payments', order)
      if (!response.ok) return response
      return c.json({ outTradeNo, parameters: await response.json() })
    }),
  )

  /** What has become of an order: `{"outTradeNo","state"}`. */
  shop.get('/orders/:outTradeNo', (c) =>
    withToken(c, async (token) => {
      const outTradeNo = c.req.param('outTradeNo')
      const userId = await findUserId(token)
      const path = `/payments/${encodeURIComponent(outTradeNo)}`
      const response = await callPayments('GET', path)
      if (!response.ok) return response
      const { state, attach } = await response.json<{ state: string; attach?: string }>()
      if (attach !== userId) return problemResponse(new Problem('not_found'))
      return c.json({ outTradeNo, state: STATES[state] ?? 'unpaid' })
    }),
  )

  return shop
}

/** 32 characters, which is the most that WeChat Pay takes. */
function createOutTradeNo(): string {
  return PREFIX + crypto.getRandomValues(new Uint8Array(12)).toHex()
}

/** Answers problems as the Worker does, which is what the client of code2session reads. */
async function withToken(
  c: Context,
  handle: (token: string) => Promise<Response>,
): Promise<Response> {
  try {
    return await handle(requireBearerToken(c.req.header('Authorization')))
  } catch (error) {
    return problemResponse(toProblem(error))
  }
}
