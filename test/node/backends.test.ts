/** What backends can do, over real HTTP and real RPC, with a WeChat that records what it receives. */

import { createHmac, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildProduction, serve } from '../support/built-worker'
import { CREDENTIALS, send } from '../support/environment'
import {
  KEY_INFO,
  type RecordingWeChat,
  SESSION_KEY,
  startRecordingWeChat,
} from '../support/recording-wechat'

const SERVICE_KEY = 's'.repeat(32)
const MEBIBYTE = 1024 * 1024

/**
 * The developer's other Worker. `POST /rpc/sign` calls LoginService#sign with the JSON body as its
 * arguments; `POST /wechat-rpc?path=…` calls LoginService#wechat with the request's own body,
 * method and headers; any other request is passed on.
 */
const CALLER = `export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    const [, entrypoint, method] = url.pathname.split('/')
    if (entrypoint === 'rpc') {
      const answer = await env.LOGIN[method](...(await request.json()))
      return answer instanceof Response ? answer : Response.json(answer)
    }
    if (entrypoint === 'wechat-rpc') {
      const { body, headers } = request
      return env.LOGIN.wechat(url.searchParams.get('path'), { method: 'POST', body, headers })
    }
    return env.HTTP.fetch(request)
  },
}`

let wechat: RecordingWeChat
let login: URL
let logs: string[]
let close: () => Promise<void>

beforeAll(async () => {
  wechat = await startRecordingWeChat()
  const bindings = { ...CREDENTIALS, SERVICE_KEYS: SERVICE_KEY, WECHAT_API_BASE: wechat.url }
  const served = await serve(buildProduction(), { bindings, caller: CALLER })
  login = served.url
  logs = served.logs
  close = served.close
})
afterAll(async () => {
  await close()
  await wechat.close()
})
beforeEach(() => void wechat.takeRecorded())

const logIn = async (name = 'alice') => {
  const body = { code: `${name} ${Math.random()}` }
  const { answer } = await send(login, 'POST', '/login', { body })
  return (answer as { token: string }).token
}

async function call(method: string, ...args: unknown[]) {
  const { answer } = await send(login, 'POST', `/rpc/${method}`, { body: args })
  return answer as Record<string, unknown>
}

const post = (path: string, body: object, token = SERVICE_KEY) =>
  send(login, 'POST', path, { token, body })

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Buffer
  /** How the body is sent: in one piece with its length by default. */
  readonly isChunked?: boolean
}

/** One raw request through the pass-through: nothing normalizes its path. */
async function pass(path: string, { method = 'GET', headers = {}, body, isChunked }: Sent = {}) {
  const answer = Promise.withResolvers<IncomingMessage>()
  const { hostname, port } = login
  const request = httpRequest(
    {
      hostname,
      port,
      path: `/wechat/api${path}`,
      method,
      headers: {
        Authorization: `Bearer ${SERVICE_KEY}`,
        ...(body && !isChunked && { 'Content-Length': String(body.length) }),
        ...headers,
      },
    },
    answer.resolve,
  )
  request.on('error', answer.reject)
  if (isChunked && body) {
    request.write(body.subarray(0, 10))
    request.end(body.subarray(10))
  } else request.end(body)
  const response = await answer.promise
  const bytes = Buffer.concat(await response.toArray())
  return { status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() }
}

const codeIn = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code

describe('the session_key services', () => {
  it('POST /session-key/sign and sign return the HMAC-SHA256 of the text under the session_key', async () => {
    const token = await logIn()
    const text = '{"offerId":"1","金额":1}'
    const signature = createHmac('sha256', SESSION_KEY).update(text).digest('hex')
    const { status, answer } = await post('/session-key/sign', { token, text })
    expect([status, answer]).toEqual([200, { signature }])
    expect(await call('sign', token, text)).toEqual({ ok: true, signature })
  })

  it('POST /session-key/sign and sign refuse the empty text', async () => {
    const token = await logIn()
    const refusal = { code: 'invalid_request', errors: [{ path: 'text' }] }
    const reply = await post('/session-key/sign', { token, text: '' })
    expect(reply).toMatchObject({ status: 400, answer: refusal })
    expect(await call('sign', token, '')).toMatchObject({ ok: false, error: refusal })
  })

  it('POST /session-key/encryption-keys and encryptionKeys return the keys that WeChat has for the user', async () => {
    const token = await logIn()
    const { encrypt_key, iv, version, expire_in, create_time } = KEY_INFO
    const key = { encryptKey: encrypt_key, iv, version, expiresIn: expire_in, createdAt: create_time }
    const { status, answer } = await post('/session-key/encryption-keys', { token })
    expect([status, answer]).toEqual([200, { keys: [key] }])
    expect(await call('encryptionKeys', token)).toEqual({ ok: true, keys: [key] })
  })

  it.each(['/session-key/sign', '/session-key/encryption-keys'])(
    'POST %s answers 401 session_invalid for a dead token, and the challenge names no error',
    async (path) => {
      const token = await logIn()
      await send(login, 'DELETE', '/session', { token })
      for (const dead of [token, 'nonsense']) {
        const reply = await post(path, { token: dead, text: 'x' })
        expect(reply).toMatchObject({ status: 401, answer: { code: 'session_invalid' } })
        expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
      }
    },
  )

  it("a phone's token is no service key on any endpoint of backends", async () => {
    const token = await logIn()
    const calls: [string, string, object?][] = [
      ['POST', '/session-key/sign', { token, text: 'x' }],
      ['POST', '/session-key/encryption-keys', { token }],
      ['GET', '/wechat/api/wxa/getwxacode'],
      ['DELETE', `/users/${token.slice(0, 43)}/sessions`],
      ['POST', '/revoke', new URLSearchParams({ token })],
    ]
    for (const [method, path, body] of calls) {
      const reply = await send(login, method, path, { token, ...(body && { body }) })
      expect([path, reply]).toMatchObject([
        path,
        { status: 401, answer: { code: 'service_key_invalid' } },
      ])
    }
    expect((await send(login, 'GET', '/session', { token })).status).toBe(200)
  })
})

describe('revocation', () => {
  it('POST /revoke and revoke end the session of a token, and any other token is no error', async () => {
    const [first, second] = [await logIn(), await logIn()]
    const revoke = (token: string) =>
      send(login, 'POST', '/revoke', { token: SERVICE_KEY, body: new URLSearchParams({ token }) })
    expect(await revoke(first)).toMatchObject({ status: 200, answer: null })
    expect((await send(login, 'GET', '/session', { token: first })).status).toBe(401)
    expect((await send(login, 'GET', '/session', { token: second })).status).toBe(200)
    for (const token of [first, 'nonsense']) expect((await revoke(token)).status).toBe(200)
    expect(await call('revoke', second)).toEqual({ ok: true })
    expect(await call('revoke', second)).toEqual({ ok: true })
    expect((await send(login, 'GET', '/session', { token: second })).status).toBe(401)
  })

  it('DELETE /users/:userId/sessions ends all sessions of the user', async () => {
    const tokens = [await logIn('mallory'), await logIn('mallory')]
    const path = `/users/${tokens[0]?.slice(0, 43)}/sessions`
    const reply = await send(login, 'DELETE', path, { token: SERVICE_KEY })
    expect(reply).toMatchObject({ status: 204, answer: null })
    for (const token of tokens) {
      expect((await send(login, 'GET', '/session', { token })).status).toBe(401)
    }
  })
})

describe('the pass-through', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'a %s goes to WeChat with the access_token and the query as it was',
    async (method) => {
      const { status } = await pass('/wxa/x?b=2&a=1&b=%E4%B8%AD%E6%96%87&appid=wx4f4bc4dec97d474b', {
        method,
      })
      const [recorded] = wechat.takeRecorded()
      expect([status, recorded?.method, recorded?.path]).toEqual([200, method, '/wxa/x'])
      expect(recorded?.query.get('access_token')).toBe(wechat.accessToken())
      expect(recorded?.search).toBe('b=2&a=1&b=%E4%B8%AD%E6%96%87')
    },
  )

  it("WeChat's status, content type and body come back byte for byte, over HTTP and RPC", async () => {
    const picture = randomBytes(2 * MEBIBYTE + 7)
    const answer = () =>
      wechat.next((_, response) =>
        response
          .writeHead(201, { 'Content-Type': 'image/jpeg', 'Set-Cookie': 'a=b', 'X-Other': '1' })
          .end(picture),
      )
    answer()
    const reply = await pass('/wxa/getwxacodeunlimit', { method: 'POST', body: Buffer.from('{}') })
    expect([reply.status, reply.headers['content-type']]).toEqual([201, 'image/jpeg'])
    expect(reply.bytes.equals(picture)).toBe(true)
    expect(reply.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(reply.headers).not.toHaveProperty('set-cookie')
    expect(reply.headers).not.toHaveProperty('x-other')
    answer()
    const body = JSON.stringify(['/wxa/getwxacodeunlimit', { body: { scene: 'a=1' } }])
    const rpc = await fetch(new URL('/rpc/wechat', login), { method: 'POST', body })
    expect([rpc.status, rpc.headers.get('Content-Type')]).toEqual([201, 'image/jpeg'])
    expect(Buffer.from(await rpc.arrayBuffer()).equals(picture)).toBe(true)
    expect(wechat.takeRecorded().map(({ body }) => body.toString())).toEqual([
      '{}',
      '{"scene":"a=1"}',
    ])
  })

  it('the first bytes of an answer reach the caller before WeChat has sent the last', async () => {
    const rest = Promise.withResolvers<void>()
    wechat.next((_, response) => {
      response.writeHead(200, { 'Content-Type': 'image/png' }).write('a'.repeat(8000))
      rest.promise.then(() => response.end('z'))
    })
    const { promise: answered, resolve } = Promise.withResolvers<IncomingMessage>()
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    httpRequest(new URL('/wechat/api/wxa/x', login), { headers }, resolve).end()
    const response = await answered
    const chunks: Buffer[] = []
    for await (const chunk of response) {
      chunks.push(chunk)
      rest.resolve()
    }
    expect(Buffer.concat(chunks).toString()).toBe(`${'a'.repeat(8000)}z`)
  })

  it('only Content-Type and Accept of the headers go on, over HTTP and RPC', async () => {
    const headers = {
      'Content-Type': 'text/x-test',
      Accept: 'image/png',
      Cookie: 'secret=1',
      'X-Custom': 'secret',
      'User-Agent': 'secret-agent',
      Referer: 'https://secret.example/',
    }
    const body = Buffer.from('x')
    await pass('/wxa/x', { method: 'POST', headers, body })
    const rpc = new URL('/wechat-rpc?path=/wxa/x', login)
    const authorization = { Authorization: 'Bearer secret' }
    await fetch(rpc, { method: 'POST', headers: { ...headers, ...authorization }, body })
    for (const recorded of wechat.takeRecorded()) {
      expect(recorded.headers).toMatchObject({ 'content-type': 'text/x-test', accept: 'image/png' })
      expect(JSON.stringify(recorded.headers)).not.toMatch(/secret|cookie|authorization|custom/i)
    }
  })

  it.each([
    ['no body', undefined, false],
    ['a small body', 100, false],
    ['a body of 64 KiB', 64 * 1024, false],
    ['a body of 5 MiB', 5 * MEBIBYTE, false],
    ['a body of 10 MiB', 10 * MEBIBYTE, false],
    ['a small body of undeclared length', 100, true],
    ['a body of 5 MiB of undeclared length', 5 * MEBIBYTE, true],
  ] as const)('%s reaches WeChat whole and with its Content-Length', async (_, size, isChunked) => {
    const body = size === undefined ? undefined : randomBytes(size)
    const reply = await pass('/cgi-bin/media/upload', {
      method: 'POST',
      isChunked,
      ...(body && { body }),
    })
    expect([reply.status, reply.text]).toEqual([200, '{"errcode":0,"errmsg":"ok"}'])
    const [recorded] = wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(size ?? 0))
    expect(recorded?.headers).not.toHaveProperty('transfer-encoding')
    expect(recorded?.body.equals(body ?? Buffer.alloc(0))).toBe(true)
  })

  it('a stream over RPC reaches WeChat whole and with its Content-Length', async () => {
    const body = randomBytes(5 * MEBIBYTE)
    const rpc = new URL('/wechat-rpc?path=/cgi-bin/media/upload', login)
    expect((await fetch(rpc, { method: 'POST', body })).status).toBe(200)
    const [recorded] = wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(body.length))
    expect(recorded?.headers).not.toHaveProperty('transfer-encoding')
    expect(recorded?.body.equals(body)).toBe(true)
  })

  it('a compressed body of more than 64 KiB reaches WeChat with a Content-Length that fits', async () => {
    const { gzipSync } = await import('node:zlib')
    const body = gzipSync(randomBytes(100_000))
    const headers = { 'Content-Encoding': 'gzip' }
    const reply = await pass('/wxa/x', { method: 'POST', headers, body })
    expect(reply.status).toBe(200)
    const [recorded] = wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(recorded?.body.length))
  })

  it.each([false, true])(
    'a body of more than 10 MiB is refused with body_too_large, undeclared length: %s',
    async (isChunked) => {
      const body = Buffer.alloc(10 * MEBIBYTE + 1)
      const reply = await pass('/wxa/x', { method: 'POST', body, isChunked })
      expect([reply.status, codeIn(reply)]).toEqual([413, 'body_too_large'])
      expect(wechat.takeRecorded()).toEqual([])
    },
  )

  it.each([40001, 40014, 42001])(
    'a call of at most 64 KiB that WeChat answers with %i is repeated once with a new access_token',
    async (errcode) => {
      const old = wechat.accessToken()
      wechat.renew()
      const refusal = { errcode, errmsg: 'invalid credential' }
      wechat.next((_, response) => wechat.json(response, refusal))
      const body = randomBytes(64 * 1024)
      const reply = await pass('/wxa/x', { method: 'POST', body })
      expect(JSON.parse(reply.text)).toEqual({ errcode: 0, errmsg: 'ok' })
      const recorded = wechat.takeRecorded()
      expect(recorded.map(({ query }) => query.get('access_token'))).toEqual([
        old,
        wechat.accessToken(),
      ])
      for (const request of recorded) expect(request.body.equals(body)).toBe(true)
    },
  )

  it('a call that WeChat refuses again after the renewal is handed back as it is', async () => {
    const refusal = { errcode: 40001, errmsg: 'invalid credential' }
    for (let n = 0; n < 2; n++) {
      wechat.next((_, response) => wechat.json(response, refusal))
    }
    wechat.renew()
    const reply = await pass('/wxa/x')
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, refusal])
    expect(wechat.takeRecorded()).toHaveLength(2)
  })

  it('a larger call whose access_token WeChat rejects is handed back, and the next has a new one', async () => {
    wechat.renew()
    const refusal = { errcode: 42001, errmsg: 'access_token expired' }
    wechat.next((_, response) => wechat.json(response, refusal))
    const body = randomBytes(64 * 1024 + 1)
    const reply = await pass('/wxa/x', { method: 'POST', body })
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, refusal])
    await pass('/wxa/x')
    const tokens = wechat.takeRecorded().map(({ query }) => query.get('access_token'))
    expect(tokens).toHaveLength(2)
    expect(tokens[1]).toBe(wechat.accessToken())
  })

  it.each([
    [200, 'text/plain', '{"errcode":-1,"errmsg":"system error"}'],
    [503, 'text/html', '<html>busy</html>'],
    [412, 'text/html', ''],
    [302, 'text/html', 'moved'],
    [204, undefined, ''],
  ])('an answer of status %i is handed back as it is, and once', async (status, type, text) => {
    wechat.next((_, response) =>
      response
        .writeHead(status, { ...(type && { 'Content-Type': type }), Location: wechat.url })
        .end(text),
    )
    const reply = await pass('/wxa/x')
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([status, type, text])
    expect(reply.headers).not.toHaveProperty('location')
    expect(wechat.takeRecorded()).toHaveLength(1)
  })

  it.each([
    '/sns/jscode2session',
    '/sns/userinfo',
    '/cgi-bin/token',
    '/CGI-BIN/Token',
    '/cgi-bin/stable_token',
    '/cgi-bin/ticket/getticket',
    '/cgi-bin/component/api_component_token',
    '/cgi-bin/clear_quota',
    '/cgi-bin/clear_quota/v2',
    '/cgi-bin/openapi/quota/clear',
    '/wxa/checksession',
    '/wxa/resetusersessionkey',
    '/wxa/business/getuserencryptkey',
    '/tcb/getqcloudtoken',
    '//evil.example/x',
    '@evil.example/x',
    '.evil.example/x',
    '/wxa/../sns/jscode2session',
    '/wxa/%2e%2e/sns/jscode2session',
    '/wxa/%2E%2E/%2e%2e/x',
    '/%73ns/jscode2session',
    '/./sns/jscode2session',
    '/wxa/./x/',
    '/wxa/x/',
    '/wxa//x',
    '/wxa/x;a=1',
    '/wxa/x%20y',
    '/wxa/x%00',
    '/wxa\\..\\sns\\jscode2session',
    '/sns\\jscode2session',
    '/',
    '',
  ])('the path %j is refused, over HTTP and RPC, and WeChat is not asked', async (path) => {
    const reply = await pass(path)
    // What the platform resolves to another path of this server has another route.
    expect([403, 404]).toContain(reply.status)
    const rpc = await fetch(new URL('/rpc/wechat', login), {
      method: 'POST',
      body: JSON.stringify([path]),
    })
    expect(await rpc.json()).toMatchObject({ status: 403, code: 'wechat_path_refused' })
    expect(wechat.takeRecorded()).toEqual([])
  })

  it('a query with access_token is refused with invalid_request, and WeChat is not asked', async () => {
    const reply = await pass('/wxa/x?access_token=mine')
    expect([reply.status, codeIn(reply)]).toEqual([400, 'invalid_request'])
    const rpc = await call('wechat', '/wxa/x', { query: { access_token: 'mine' } })
    expect(rpc).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(wechat.takeRecorded()).toEqual([])
  })

  it('a connection that WeChat resets is answered with wechat_unavailable and not repeated', async () => {
    let count = 0
    wechat.nextHead((request) => {
      count++
      request.socket.destroy()
    })
    const reply = await pass('/wxa/x', { method: 'POST', body: Buffer.from('{}') })
    expect([reply.status, codeIn(reply)]).toEqual([502, 'wechat_unavailable'])
    expect([count, wechat.takeRecorded()]).toEqual([1, []])
  })

  it('an answer that WeChat gives before the end of a large body is handed back', async () => {
    wechat.nextHead((request, response) => {
      response.writeHead(413, { 'Content-Type': 'text/plain' }).end('too much')
      request.resume()
    })
    const body = randomBytes(5 * MEBIBYTE)
    const reply = await pass('/wxa/x', { method: 'POST', body })
    expect([reply.status, reply.text]).toEqual([413, 'too much'])
  })

  it('a large body that comes with a GET is not sent and holds nothing up', async () => {
    const body = randomBytes(5 * MEBIBYTE)
    expect((await pass('/wxa/x', { body })).status).toBe(200)
    expect(wechat.takeRecorded()).toMatchObject([{ method: 'GET', body: Buffer.alloc(0) }])
  })

  it('wechat of RPC answers invalid_request for arguments of the wrong type', async () => {
    const wrong: [unknown, unknown, string][] = [
      [7, {}, 'path'],
      ['/wxa/x', null, ''],
      ['/wxa/x', { method: 'CONNECT' }, 'method'],
      ['/wxa/x', { query: { a: 1 } }, 'query'],
      ['/wxa/x', { headers: { 'a b': '1' } }, 'headers'],
      ['/wxa/x', { body: 7 }, 'body'],
      ['/wxa/x', { appid: 7 }, 'appid'],
    ]
    for (const [path, options, field] of wrong) {
      expect(await call('wechat', path, options)).toMatchObject({
        status: 400,
        code: 'invalid_request',
        errors: [{ path: field }],
      })
    }
    expect(wechat.takeRecorded()).toEqual([])
  })

  it('the log has the route of a call to WeChat, and no query, body, token or access_token', async () => {
    await pass('/wxa/x?openid=private', { method: 'POST', body: Buffer.from('private') })
    const log = logs.join('\n')
    expect(log).toContain('"route":"/wechat/api/*"')
    expect(log).toContain('"method":"RPC","route":"wechat"')
    expect(log).not.toMatch(/private|\/wxa\/|internal_error/)
    for (const secret of [SERVICE_KEY, SESSION_KEY, wechat.accessToken()]) {
      expect(log).not.toContain(secret)
    }
  })
})
