/** GET over node:http: what the service needs of `fetch`, with its failures. */

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpGet } from '../../src/server/http-get'

const ANSWERS: Record<string, (response: ServerResponse) => void> = {
  '/whole': (response) => void response.end('whole'),
  '/chunks': (response) => {
    response.write('chu')
    response.end('nks')
  },
  '/empty': (response) => void response.writeHead(204).end(),
  '/moved': (response) => void response.writeHead(302, { Location: '/whole' }).end('moved'),
  '/cut': (response) => {
    response.writeHead(200, { 'Content-Length': 9 }).write('cut')
    setImmediate(() => response.destroy())
  },
  '/no-status': (response) => void response.socket?.end('HTTP/1.1 999 No\r\n\r\n'),
  '/silent': () => {},
  '/stalled': (response) => void response.writeHead(200, { 'Content-Length': 9 }).write('stal'),
}
const server = createServer(({ url = '' }, response) => ANSWERS[url]?.(response))
let base = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const get = (path: string, signal = AbortSignal.timeout(10_000)) =>
  httpGet(new Request(`${base}${path}`, { signal }))

describe('httpGet', () => {
  it.each([
    ['/whole', 200, 'whole'],
    ['/chunks', 200, 'chunks'],
    ['/empty', 204, ''],
    ['/moved', 302, 'moved'],
  ])('%s is read at once and as a stream', async (path, status, text) => {
    const [first, second] = [await get(path), await get(path)]
    expect([first.status, Buffer.from(await first.arrayBuffer()).toString()]).toEqual([
      status,
      text,
    ])
    const chunks = await Array.fromAsync(second.body ?? [])
    expect(Buffer.concat(chunks).toString()).toBe(text)
  })

  it('A response that breaks off rejects, however it is read', async () => {
    await expect((await get('/cut')).arrayBuffer()).rejects.toThrow()
    const { body } = await get('/cut')
    await expect(Array.fromAsync(body ?? [])).rejects.toThrow()
  })

  it('A status that no response may have, and a host that refuses, reject', async () => {
    await expect(get('/no-status')).rejects.toThrow()
    await expect(httpGet(new Request('http://127.0.0.1:1/'))).rejects.toThrow()
  })

  it('A body that is read after its connection has ended rejects', async () => {
    const late = new AbortController()
    const arrived = once(server, 'request')
    const response = await get('/stalled', late.signal)
    const [, answer] = await arrived
    late.abort()
    await once(answer, 'close')
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  it('An abort ends the wait for the head and for the body, and a request after it is not made', async () => {
    const [head, body] = [new AbortController(), new AbortController()]
    const silent = get('/silent', head.signal)
    head.abort()
    await expect(silent).rejects.toThrow()
    const stalled = (await get('/stalled', body.signal)).arrayBuffer()
    body.abort()
    await expect(stalled).rejects.toThrow()
    await expect(get('/whole', AbortSignal.abort())).rejects.toThrow()
    // An error that nobody hears would end the process.
    const unread = new AbortController()
    await get('/stalled', unread.signal)
    unread.abort()
    await new Promise((resolve) => setImmediate(resolve))
  })
})
