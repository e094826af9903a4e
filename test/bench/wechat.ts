/**
 * WeChat for the benchmark, in a process of its own: any code is good, and all users have the
 * session_key of the published example, so that its data opens in every session. It does as little
 * as possible, because what it costs is in everybody's figures.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ENCRYPTED } from '../vectors.ts'

let calls = 0

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
  const code = searchParams.get('js_code') ?? ''
  // A code is `<openid>.<number>`.
  const answer = { session_key: ENCRYPTED.session_key, openid: code.split('.')[0] }
  calls++
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end(JSON.stringify(answer))
})

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', () => process.send?.(calls))
