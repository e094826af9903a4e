/**
 * WeChat Pay for the benchmark, in a process of its own. It gives every order the same prepay_id,
 * and signs that answer once a second, because its cost is part of all figures.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signHeaders } from '../support/wechat-pay.ts'

const body = JSON.stringify({ prepay_id: `wx${'0'.repeat(34)}` })
let signedAt = 0
let headers: Promise<Record<string, string>> = Promise.resolve({})

const server = createServer(async (request, response) => {
  request.resume()
  const now = Math.floor(Date.now() / 1000)
  if (now !== signedAt) headers = signHeaders({ body }, now)
  signedAt = now
  const length = { 'Content-Type': 'application/json', 'Content-Length': body.length }
  response.writeHead(200, { ...(await headers), ...length }).end(body)
})

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
