/** The pass-through over real HTTP and real RPC, with a WeChat that records what it receives. */

import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Backend, SERVICE_KEY, startBackend } from '../support/backend'
import { SESSION_KEY } from '../support/recording-wechat'

const MEBIBYTE = 1024 * 1024

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.close())
beforeEach(() => void backend.wechat.takeRecorded())

const codeIn = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code

describe('the pass-through', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'a %s goes to WeChat with the access_token and the query as it was',
    async (method) => {
      const { status } = await backend.pass(
        '/wxa/x?b=2&a=1&b=%E4%B8%AD%E6%96%87&appid=wx4f4bc4dec97d474b',
        {
          method,
        },
      )
      const [recorded] = backend.wechat.takeRecorded()
      expect([status, recorded?.method, recorded?.path]).toEqual([200, method, '/wxa/x'])
      expect(recorded?.query.get('access_token')).toBe(backend.wechat.accessToken())
      expect(recorded?.search).toBe('b=2&a=1&b=%E4%B8%AD%E6%96%87')
      await backend.call('wechat', '/wxa/x', { method })
      expect(backend.wechat.takeRecorded()).toMatchObject([{ method }])
    },
  )

  it("WeChat's status, content type and body come back byte for byte, over HTTP and RPC", async () => {
    const picture = randomBytes(2 * MEBIBYTE + 7)
    const answer = () =>
      backend.wechat.next((_, response) =>
        response
          .writeHead(201, { 'Content-Type': 'image/jpeg', 'Set-Cookie': 'a=b', 'X-Other': '1' })
          .end(picture),
      )
    answer()
    const reply = await backend.pass('/wxa/getwxacodeunlimit', {
      method: 'POST',
      body: Buffer.from('{}'),
    })
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
    const rpc = await fetch(new URL('/rpc/wechat', backend.url), { method: 'POST', body })
    expect([rpc.status, rpc.headers.get('Content-Type')]).toEqual([201, 'image/jpeg'])
    expect(Buffer.from(await rpc.arrayBuffer()).equals(picture)).toBe(true)
    expect(backend.wechat.takeRecorded().map(({ body }) => body.toString())).toEqual([
      '{}',
      '{"scene":"a=1"}',
    ])
  })

  it('the first bytes of an answer reach the caller before WeChat has sent the last', async () => {
    const rest = Promise.withResolvers<void>()
    backend.wechat.next((_, response) => {
      response.writeHead(200, { 'Content-Type': 'image/png' }).write('a'.repeat(8000))
      rest.promise.then(() => response.end('z'))
    })
    const chunks: Buffer[] = []
    for await (const chunk of await backend.open('/wxa/x')) {
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
    await backend.pass('/wxa/x', { method: 'POST', headers, body })
    const rpc = new URL('/wechat-rpc?path=/wxa/x', backend.url)
    const authorization = { Authorization: 'Bearer secret' }
    await fetch(rpc, { method: 'POST', headers: { ...headers, ...authorization }, body })
    for (const recorded of backend.wechat.takeRecorded()) {
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
    ['a body of 2 MiB of undeclared length', 2 * MEBIBYTE, true],
  ] as const)('%s reaches WeChat whole and with its Content-Length', async (_, size, isChunked) => {
    const body = size === undefined ? undefined : randomBytes(size)
    const reply = await backend.pass('/cgi-bin/media/upload', {
      method: 'POST',
      isChunked,
      ...(body && { body }),
    })
    expect([reply.status, reply.text]).toEqual([200, '{"errcode":0,"errmsg":"ok"}'])
    const [recorded] = backend.wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(size ?? 0))
    expect(recorded?.headers).not.toHaveProperty('transfer-encoding')
    expect(recorded?.body.equals(body ?? Buffer.alloc(0))).toBe(true)
  })

  it('a stream over RPC with a Content-Length reaches WeChat whole and with it', async () => {
    const body = randomBytes(5 * MEBIBYTE)
    const rpc = new URL('/wechat-rpc?path=/cgi-bin/media/upload', backend.url)
    expect((await fetch(rpc, { method: 'POST', body })).status).toBe(200)
    const [recorded] = backend.wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(body.length))
    expect(recorded?.headers).not.toHaveProperty('transfer-encoding')
    expect(recorded?.body.equals(body)).toBe(true)
  })

  it('a compressed body of more than 64 KiB reaches WeChat with a Content-Length that fits', async () => {
    const body = gzipSync(randomBytes(100_000))
    const headers = { 'Content-Encoding': 'gzip' }
    const reply = await backend.pass('/wxa/x', { method: 'POST', headers, body })
    expect(reply.status).toBe(200)
    const [recorded] = backend.wechat.takeRecorded()
    expect(recorded?.headers['content-length']).toBe(String(recorded?.body.length))
  })

  it('a body that declares more than 10 MiB is refused with body_too_large before it is sent', async () => {
    const headers = { 'Content-Length': String(10 * MEBIBYTE + 1) }
    const body = Buffer.alloc(10)
    const reply = await backend.pass('/wxa/x', { method: 'POST', headers, body })
    expect([reply.status, codeIn(reply)]).toEqual([413, 'body_too_large'])
    expect(backend.wechat.takeRecorded()).toEqual([])
  })

  it('a body of undeclared length of more than 2 MiB is refused with body_too_large, over HTTP and RPC', async () => {
    const body = Buffer.alloc(2 * MEBIBYTE + 1)
    const reply = await backend.pass('/wxa/x', { method: 'POST', body, isChunked: true })
    expect([reply.status, codeIn(reply)]).toEqual([413, 'body_too_large'])
    expect(JSON.parse(reply.text).detail).toContain('2 MiB without a Content-Length')
    const rpc = new URL('/wechat-rpc?path=/wxa/x', backend.url)
    const init = { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' }
    const streamed = await fetch(rpc, init)
    expect(await streamed.json()).toMatchObject({ status: 413, code: 'body_too_large' })
    expect(backend.wechat.takeRecorded()).toEqual([])
  })

  it.each([40001, 40014, 42001])(
    'a call of at most 64 KiB that WeChat answers with %i is repeated once with a new access_token',
    async (errcode) => {
      const old = backend.wechat.accessToken()
      backend.wechat.renew()
      const refusal = { errcode, errmsg: 'invalid credential' }
      backend.wechat.next((_, response) => backend.wechat.json(response, refusal))
      const body = randomBytes(64 * 1024)
      const reply = await backend.pass('/wxa/x', { method: 'POST', body })
      expect(JSON.parse(reply.text)).toEqual({ errcode: 0, errmsg: 'ok' })
      const recorded = backend.wechat.takeRecorded()
      expect(recorded.map(({ query }) => query.get('access_token'))).toEqual([
        old,
        backend.wechat.accessToken(),
      ])
      for (const request of recorded) expect(request.body.equals(body)).toBe(true)
    },
  )

  it('a call that WeChat refuses again after the renewal is handed back as it is', async () => {
    const refusal = { errcode: 40001, errmsg: 'invalid credential' }
    for (let n = 0; n < 2; n++) {
      backend.wechat.next((_, response) => backend.wechat.json(response, refusal))
    }
    backend.wechat.renew()
    const reply = await backend.pass('/wxa/x')
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, refusal])
    expect(backend.wechat.takeRecorded()).toHaveLength(2)
  })

  it('a larger call whose access_token WeChat rejects is handed back, and the next has a new one', async () => {
    backend.wechat.renew()
    const refusal = { errcode: 42001, errmsg: 'access_token expired' }
    backend.wechat.next((_, response) => backend.wechat.json(response, refusal))
    const body = randomBytes(64 * 1024 + 1)
    const reply = await backend.pass('/wxa/x', { method: 'POST', body })
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, refusal])
    await backend.pass('/wxa/x')
    const tokens = backend.wechat.takeRecorded().map(({ query }) => query.get('access_token'))
    expect(tokens).toHaveLength(2)
    expect(tokens[1]).toBe(backend.wechat.accessToken())
  })

  it.each([
    [200, 'text/plain', '{"errcode":-1,"errmsg":"system error"}'],
    [503, 'text/html', '<html>busy</html>'],
    [412, 'text/html', ''],
    [302, 'text/html', 'moved'],
    [204, undefined, ''],
    [304, undefined, ''],
  ])('an answer of status %i is handed back as it is, and once', async (status, type, text) => {
    backend.wechat.next((_, response) =>
      response
        .writeHead(status, { ...(type && { 'Content-Type': type }), Location: backend.wechat.url })
        .end(text),
    )
    const reply = await backend.pass('/wxa/x')
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([status, type, text])
    expect(reply.headers).not.toHaveProperty('location')
    expect(backend.wechat.takeRecorded()).toHaveLength(1)
  })

  it('an answer of status 205, which has no body, is handed back without the one that it had', async () => {
    backend.wechat.next((_, response) => response.writeHead(205).end('text'))
    const reply = await backend.pass('/wxa/x')
    expect([reply.status, reply.text]).toEqual([205, ''])
  })

  it('a connection that WeChat resets is answered with wechat_unavailable and not repeated', async () => {
    let count = 0
    backend.wechat.nextHead((request) => {
      count++
      request.socket.destroy()
    })
    const reply = await backend.pass('/wxa/x', { method: 'POST', body: Buffer.from('{}') })
    expect([reply.status, codeIn(reply)]).toEqual([502, 'wechat_unavailable'])
    expect([count, backend.wechat.takeRecorded()]).toEqual([1, []])
  })

  it('an answer that WeChat gives before the end of a large body is handed back', async () => {
    backend.wechat.nextHead((request, response) => {
      response.writeHead(413, { 'Content-Type': 'text/plain' }).end('too much')
      request.resume()
    })
    const body = randomBytes(5 * MEBIBYTE)
    const reply = await backend.pass('/wxa/x', { method: 'POST', body })
    expect([reply.status, reply.text]).toEqual([413, 'too much'])
  })

  it('a large body that comes with a GET is not sent and holds nothing up', async () => {
    const body = randomBytes(5 * MEBIBYTE)
    expect((await backend.pass('/wxa/x', { body })).status).toBe(200)
    expect(backend.wechat.takeRecorded()).toMatchObject([{ method: 'GET', body: Buffer.alloc(0) }])
  })

  it('the log has the route of a call to WeChat, and no query, body, token or access_token', async () => {
    await backend.pass('/wxa/x?openid=private', { method: 'POST', body: Buffer.from('private') })
    const log = backend.logs.join('\n')
    expect(log).toContain('"route":"/wechat/api/*"')
    expect(log).toContain('"method":"RPC","route":"wechat"')
    expect(log).not.toMatch(/private|\/wxa\/|internal_error/)
    for (const secret of [SERVICE_KEY, SESSION_KEY, backend.wechat.accessToken()]) {
      expect(log).not.toContain(secret)
    }
  })

  it('a connection that WeChat refuses is answered with wechat_unavailable', async () => {
    await backend.pass('/wxa/x')
    await backend.wechat.close()
    const reply = await backend.pass('/wxa/x')
    expect([reply.status, codeIn(reply)]).toEqual([502, 'wechat_unavailable'])
    expect(reply.headers['content-type']).toBe('application/problem+json')
  })
})
