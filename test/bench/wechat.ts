/**
 * WeChat for the benchmark, in a process of its own. It accepts any code, and every user has the
 * session_key of the published example, so that its data can be decrypted in every session. It does
 * as little as possible, because its cost is part of all figures.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ENCRYPTED } from '../support/vectors.ts'

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
  const code = searchParams.get('js_code') ?? ''
  // A code is `<openid>.<number>`.
  const openid = code.split('.')[0] ?? ''
  const answer = Buffer.from(JSON.stringify({ session_key: ENCRYPTED.session_key, openid }))
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': answer.length }
  response.writeHead(200, headers).end(answer)
})

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
