/** The payments Worker as it is deployed, when the first host of WeChat Pay swallows packets. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildPayments } from '../support/built-worker'
import { APPID, send } from '../support/environment'
import { type MiniflareServer, startMiniflare } from '../support/miniflare'
import { startSilentHost } from '../support/silent-host'
import { PAY_SETTINGS } from '../support/wechat-pay'
import { startWeChatPay, type WeChatPayServer } from '../support/wechat-pay-server'

const KEY = 'p'.repeat(32)

let silent: Awaited<ReturnType<typeof startSilentHost>>
let wechatPay: WeChatPayServer
let server: MiniflareServer

beforeAll(async () => {
  silent = await startSilentHost()
  wechatPay = await startWeChatPay()
  server = await serve([silent.url, wechatPay.url])
})
afterAll(async () => {
  await server.close()
  await wechatPay.close()
  silent.close()
})
afterEach(() => expect(wechatPay.violations).toEqual([]))

async function place(outTradeNo: string, { url } = server) {
  const body = { appid: APPID, openid: 'oUser', outTradeNo, description: 'a', total: 1 }
  const began = performance.now()
  const { status } = await send(url, 'POST', '/payments', { token: KEY, body })
  return { status, milliseconds: performance.now() - began }
}

/** Serves payments with these hosts of WeChat Pay. */
async function serve(hosts: readonly string[]): Promise<MiniflareServer> {
  const bindings = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: hosts.join(), SERVICE_KEYS: KEY }
  return startMiniflare([{ name: 'pay', code: (await buildPayments()).code, bindings }])
}

it('a first host that accepts connections gets the order, once the one that tried it is closed', async () => {
  const closed = Promise.withResolvers<void>()
  const host = createServer(async (_, response) => {
    await closed.promise
    response.writeHead(500).end()
  }).listen(0, '127.0.0.1')
  host.once('connection', (socket) => socket.once('close', () => closed.resolve()))
  await once(host, 'listening')
  const { port } = host.address() as AddressInfo
  const other = await serve([`http://127.0.0.1:${port}`, wechatPay.url])
  expect(await place('ACCEPTED01', other)).toMatchObject({ status: 502 })
  await other.close()
  host.close()
})

// Only Linux drops what a full backlog cannot take.
describe.skipIf(process.platform !== 'linux')('a first host that swallows packets', () => {
  it('an order goes to the second host within the deadline, and the next one without waiting', async () => {
    const first = await place('SILENT01')
    expect(first.status).toBe(200)
    expect(first.milliseconds).toBeGreaterThan(900)
    expect(first.milliseconds).toBeLessThan(5000)
    const second = await place('SILENT02')
    expect(second.status).toBe(200)
    // A busy machine makes both slow.
    expect(second.milliseconds).toBeLessThan(first.milliseconds - 500)
    expect(wechatPay.arrived()).toBe(2)
  })
})
