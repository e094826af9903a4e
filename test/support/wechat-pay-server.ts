/** The WeChat Pay of the tests over HTTP, whose connections can fail as only real ones can. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWeChatPay } from './wechat-pay-api'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export type WeChatPayServer = Awaited<ReturnType<typeof startWeChatPay>>

export async function startWeChatPay() {
  const now = () => Math.floor(Date.now() / 1000)
  const pay = createWeChatPay({ now })
  const handlers: Handler[] = []
  let connections = 0

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks = await incoming.toArray()
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    const response = await pay.fetch(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  }

  const server = createServer((request, response) => {
    connections++
    const handle = handlers.shift() ?? answer
    void handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    ...pay,
    now,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many requests have arrived, answered or not. */
    arrived: () => connections,
    /** Handles the next request with this handler. */
    handleNext: (handler: Handler) => void handlers.push(handler),
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
