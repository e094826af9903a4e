/** What the Worker has in memory, after many requests. */

import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../support/built-worker'
import { CREDENTIALS, openStage, type Stage, send } from '../support/environment'

const WARM_UP = 200
/** By then the engine has collected its garbage at least once. */
const MOST_REQUESTS = 40_000
/** Over the ten thousand requests or so before a collection, 100 bytes kept of each would be more. */
const GROWTH_LIMIT = 1024 * 1024

let stage: Stage
let miniflare: Miniflare
let base: URL

beforeAll(async () => {
  stage = await openStage()
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      inspectorPort: 0,
      handleStructuredLogs: () => undefined,
      workers: [
        {
          name: 'login',
          modules: true,
          script: build({ config: 'wrangler.toml', main: 'worker' }).code,
          compatibilityDate: '2026-11-01',
          bindings: { ...CREDENTIALS, WECHAT_API_BASE: stage.upstream.url },
          kvNamespaces: ['SESSIONS'],
        },
      ],
    }),
  )
  base = await miniflare.ready
})
afterAll(async () => {
  await miniflare.dispose()
  await stage.close()
})

/** Asks the isolate, over its inspector, how much of its heap is in use. */
async function openInspector() {
  const url = await miniflare.getInspectorURL()
  const socket = new WebSocket(String(new URL('/core:user:login', url)))
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  let asked = 0
  return {
    close: () => socket.close(),
    usedBytes: () =>
      new Promise<number>((resolve) => {
        const id = ++asked
        socket.addEventListener('message', function hear({ data }) {
          const answer = JSON.parse(String(data))
          if (answer.id !== id) return
          socket.removeEventListener('message', hear)
          resolve(answer.result.usedSize)
        })
        socket.send(JSON.stringify({ id, method: 'Runtime.getHeapUsage' }))
      }),
  }
}

describe('the heap', () => {
  it('has no more in it after a collection than at the start', { timeout: 300_000 }, async () => {
    const token = await stage.logIn(base)
    const inspector = await openInspector()
    const body = { encryptedData: 'A'.repeat(64), iv: 'A'.repeat(22).concat('==') }
    const asks = [
      () => send(base, 'GET', '/session', { token }),
      () => send(base, 'GET', '/session', { token: 'nonsense' }),
      () => send(base, 'POST', '/open-data/decrypt', { token, body }),
      () => send(base, 'POST', '/login', { body: { code: '' } }),
    ]
    let turn = 0
    const ask = () => asks[turn++ % asks.length]?.()
    for (let count = 0; count < WARM_UP; count++) await ask()
    const start = await inspector.usedBytes()
    let [sent, peak, afterCollection] = [0, start, Number.POSITIVE_INFINITY]

    async function keepAsking(): Promise<void> {
      while (sent++ < MOST_REQUESTS && afterCollection === Number.POSITIVE_INFINITY) {
        await ask()
        if (sent % 50 !== 0) continue
        const used = await inspector.usedBytes()
        peak = Math.max(peak, used)
        if (peak > 4 * start && used < peak / 2) afterCollection = used
      }
    }
    await Promise.all(Array.from({ length: 8 }, keepAsking))
    inspector.close()
    expect(afterCollection - start).toBeLessThan(GROWTH_LIMIT)
  })
})
