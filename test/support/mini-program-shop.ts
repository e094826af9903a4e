/** A shop with one order over HTTP, as the page 商店 of the example mini program asks it. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Shop = Awaited<ReturnType<typeof startShop>>

const OUT_TRADE_NO = 'T20260921083000'

/** The requests that the shop knows. */
export const PLACE_ORDER = 'POST /orders'
export const FETCH_STATE = `GET /orders/${OUT_TRADE_NO}`

export const PARAMETERS = {
  timeStamp: '1414561699',
  nonceStr: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  package: 'prepay_id=wx201410272009395522657a690389285100',
  signType: 'RSA',
  paySign: 'c2lnbmF0dXJl',
}

export async function startShop() {
  const shop = {
    /** The state of its order. */
    state: 'paid',
    /** What it answers instead, with HTTP 502: problem details, or HTML. */
    failures: new Map<string, object | string>(),
    requests: [] as { request: string; authorization: string | undefined; body: string }[],
  }

  const server = createServer(async (incoming, response) => {
    const request = `${incoming.method} ${incoming.url}`
    const { authorization } = incoming.headers
    const body = Buffer.concat(await incoming.toArray()).toString()
    shop.requests.push({ request, authorization, body })
    const answers = new Map<string, object>([
      [PLACE_ORDER, { outTradeNo: OUT_TRADE_NO, parameters: PARAMETERS }],
      [FETCH_STATE, { outTradeNo: OUT_TRADE_NO, state: shop.state }],
    ])
    const failure = shop.failures.get(request)
    const answer = failure ?? answers.get(request)
    response.statusCode = failure ? 502 : answer ? 200 : 404
    response.end(JSON.stringify(answer ?? { code: 'not_found', action: 'fix_request' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  async function close(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  return Object.assign(shop, { origin: `http://127.0.0.1:${port}`, close })
}
