/**
 * WeChat Pay for the benchmark, in a process of its own. It gives every order the same prepay_id,
 * and signs that answer once a second, because its cost is part of all figures.
 */

import { sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PLATFORM, PUBLIC_KEY_ID } from '../support/wechat-pay.ts'

const body = JSON.stringify({ prepay_id: `wx${'0'.repeat(34)}` })
let signedAt = 0
let headers = {}

const server = createServer((request, response) => {
  request.resume()
  const now = Math.floor(Date.now() / 1000)
  if (now !== signedAt) headers = signHeaders(now)
  signedAt = now
  const length = { 'Content-Type': 'application/json', 'Content-Length': body.length }
  response.writeHead(200, { ...headers, ...length }).end(body)
})

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())

function signHeaders(timestamp: number) {
  const text = Buffer.from(`${timestamp}\nnonce\n${body}\n`)
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': 'nonce',
    'Wechatpay-Signature': sign('sha256', text, PLATFORM.private_pkcs8_pem).toString('base64'),
    'Wechatpay-Serial': PUBLIC_KEY_ID,
  }
}
