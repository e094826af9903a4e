/** The sandbox needs no internet: none of its Workers opens a socket. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pressOnPhone, send } from '../support/environment'
import { type Server, startServer } from '../support/mini-program-server'

const KEY = 'the-sandbox-payments-key-is-public-too'
const AN_HOUR = 3600

const sockets: string[] = []
let server: Server
beforeAll(async () => {
  server = await startServer({ hasPayments: true, onSocket: (address) => sockets.push(address) })
})
afterAll(() => server.close())
beforeEach(() => sockets.splice(0))

async function logIn(): Promise<string> {
  const { code } = await pressOnPhone(server.url, 'wx.login')
  const body = { code: code as string }
  return ((await send(server.url, 'POST', '/login', { body })).answer as { token: string }).token
}

describe('the sandbox', () => {
  it('a login opens no socket', async () => {
    expect(await logIn()).toMatch(/\./)
    expect(sockets).toEqual([])
  })

  it('an order, its payment and its refund open no socket, now and an hour later', async () => {
    const token = await logIn()
    for (const outTradeNo of ['SOCKETS1', 'SOCKETS2']) {
      const order = { token, outTradeNo, description: '一杯茶', total: 2 }
      const placed = await send(server.url, 'POST', '/payments', { token: KEY, body: order })
      expect(placed.status).toBe(200)
      await pressOnPhone(server.url, 'wx.requestPayment', placed.answer as object)
      const refund = { outRefundNo: outTradeNo, refund: 2, total: 2 }
      const path = `/payments/${outTradeNo}/refunds`
      const refunded = await send(server.url, 'POST', path, { token: KEY, body: refund })
      expect(refunded.status).toBe(200)
      await send(server.url, 'POST', '/sandbox/clock', { body: { skip: AN_HOUR } })
    }
    expect(sockets).toEqual([])
  })
})
