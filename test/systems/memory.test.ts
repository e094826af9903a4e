/** The Worker's heap after many requests. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildProduction } from '../support/built-worker'
import { CREDENTIALS, type Environment, send, startEnvironment } from '../support/environment'
import { type MiniflareServer, startMiniflare } from '../support/miniflare'

const WARM_UP = 200
const CLIENTS = 8
/** The engine has collected its garbage at least once by then. */
const MAX_REQUESTS = 40_000
/**
 * A collection comes after about ten thousand requests, and leaves 400 KB less than there was at the
 * start. So a leak of 100 bytes each is detected.
 */
const GROWTH_LIMIT = 256 * 1024

let environment: Environment
let server: MiniflareServer

beforeAll(async () => {
  environment = await startEnvironment()
  const { code } = await buildProduction()
  const bindings = { ...CREDENTIALS, WECHAT_API_BASE: environment.upstream.url }
  server = await startMiniflare([{ name: 'login', code, bindings, kvNamespaces: ['SESSIONS'] }], {
    hasInspector: true,
  })
})
afterAll(async () => {
  await server.close()
  await environment.close()
})

/** Connects to the inspector of the Worker's isolate, which knows the size of the heap. */
async function openInspector() {
  const url = new URL('/core:user:login', await server.inspectorUrl())
  const socket = new WebSocket(url.href)
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  let lastId = 0
  return {
    close: () => socket.close(),
    usedBytes: () =>
      new Promise<number>((resolve) => {
        const id = ++lastId
        socket.addEventListener('message', function receive({ data }) {
          const message = JSON.parse(String(data))
          if (message.id !== id) return
          socket.removeEventListener('message', receive)
          resolve(message.result.usedSize)
        })
        socket.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }))
      }),
  }
}

/** Sends the next of several kinds of requests, in turns. */
function createSender(token: string): () => Promise<unknown> {
  const { url } = server
  const body = { encryptedData: 'A'.repeat(64), iv: 'A'.repeat(22).concat('==') }
  const requests = [
    () => send(url, 'GET', '/session', { token }),
    () => send(url, 'GET', '/session', { token: 'nonsense' }),
    () => send(url, 'POST', '/open-data/decrypt', { token, body }),
    () => send(url, 'POST', '/login', { body: { code: '' } }),
  ]
  let sent = 0
  return async () => requests[sent++ % requests.length]?.()
}

it('the heap is as small after a garbage collection as before thousands of requests', {
  // It takes 15 seconds on an idle machine.
  timeout: 300_000,
}, async () => {
  const sendNext = createSender(await environment.logIn(server.url))
  const inspector = await openInspector()
  for (let count = 0; count < WARM_UP; count++) await sendNext()
  const start = await inspector.usedBytes()
  let [sent, peak, afterCollection] = [0, start, Number.POSITIVE_INFINITY]

  async function sendUntilCollection(): Promise<void> {
    while (sent++ < MAX_REQUESTS && afterCollection === Number.POSITIVE_INFINITY) {
      await sendNext()
      if (sent % 50 !== 0) continue
      const used = await inspector.usedBytes()
      peak = Math.max(peak, used)
      if (peak > 4 * start && used < peak / 2) afterCollection = used
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, sendUntilCollection))
  inspector.close()
  expect(afterCollection - start).toBeLessThan(GROWTH_LIMIT)
})
