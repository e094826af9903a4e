/**
 * What the servers under measurement talk to, in processes of its own: Workers KV, WeChat and WeChat
 * Pay. workerd speaks to a KV namespace over HTTP, and this one keeps all values in memory.
 */

import { sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { ENCRYPTED } from '../support/vectors.ts'
import { PLATFORM, PUBLIC_KEY_ID } from '../support/wechat-pay.ts'

type Answer = { status?: number; headers?: Record<string, string>; body?: Uint8Array }

const PREPAID = Buffer.from(JSON.stringify({ prepay_id: `wx${'0'.repeat(34)}` }))
const entries = new Map<string, Answer>()

const server = createServer(async (request, response) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { status = 200, headers, body = Buffer.of() } = answer(request, Buffer.concat(chunks))
  response.writeHead(status, { ...headers, 'Content-Length': body.length }).end(body)
})
server.keepAliveTimeout = 60_000
server.listen(Number(process.env.PORT), '127.0.0.1')

function answer({ method, url = '/', headers }: IncomingMessage, body: Uint8Array): Answer {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
  if (pathname === '/sns/jscode2session') return exchange(searchParams.get('js_code') ?? '')
  if (pathname.startsWith('/v3/pay/')) return prepay()
  if (method === 'GET') return entries.get(pathname) ?? { status: 404 }
  const metadata = headers['cf-kv-metadata']
  if (method === 'DELETE') entries.delete(pathname)
  else entries.set(pathname, { body, headers: metadata ? { 'CF-KV-Metadata': `${metadata}` } : {} })
  return {}
}

/**
 * Accepts any code, which is `<openid>.<number>`. Every user has the session_key of the published
 * example, so that its data can be decrypted in every session.
 */
function exchange(code: string): Answer {
  const user = { session_key: ENCRYPTED.session_key, openid: code.split('.')[0] }
  return { headers: { 'Content-Type': 'text/plain' }, body: Buffer.from(JSON.stringify(user)) }
}

/** The same prepay_id for every order. */
function prepay(): Answer {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const text = Buffer.from(`${timestamp}\nnonce\n${PREPAID}\n`)
  const headers = {
    'Content-Type': 'application/json',
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': 'nonce',
    'Wechatpay-Signature': sign('sha256', text, PLATFORM.private_pkcs8_pem).toString('base64'),
    'Wechatpay-Serial': PUBLIC_KEY_ID,
  }
  return { headers, body: PREPAID }
}
