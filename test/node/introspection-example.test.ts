/** The Node example of docs/backends.md, which keeps introspection answers, over real HTTP. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readMarkdown } from '../support/markdown'

const NOW = Date.UTC(2026, 10, 25)
const KEEP_MILLISECONDS = 30_000

type FindUser = (token: string) => Promise<{ userId: string } | null>

let server: Server
let answer: { status: number; body: object }
let asked: number
let findUser: FindUser

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  asked = 0
  answer = { status: 200, body: { active: true, sub: 'user', exp: NOW / 1000 + 3600 } }
  server = createServer((_, response) => {
    asked++
    const { status, body } = answer
    response.writeHead(status, { Connection: 'close' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  findUser = await importExample((server.address() as AddressInfo).port)
})

afterEach(async () => {
  vi.useRealTimers()
  await new Promise((resolve) => server.close(resolve))
})

/** The example as a module of its own, with nothing kept yet. */
async function importExample(port: number): Promise<FindUser> {
  const { codeBlocks } = readMarkdown('docs/backends.md')
  const block = codeBlocks.find(({ source }) => source.includes('async function findUser'))
  const source = `${block?.source.replace('https://login.example.com', `http://127.0.0.1:${port}`)}\n// ${crypto.randomUUID()}`
  const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
    findUser: FindUser
  }
  return module.findUser
}

it('The Node example keeps the answer of a live session for 30 s, and no longer', async () => {
  expect(await findUser('token')).toMatchObject({ userId: 'user' })
  answer = { status: 200, body: { active: false } }
  vi.setSystemTime(NOW + KEEP_MILLISECONDS - 1)
  expect(await findUser('token')).toMatchObject({ userId: 'user' })
  expect(asked).toBe(1)
  vi.setSystemTime(NOW + KEEP_MILLISECONDS)
  expect(await findUser('token')).toBe(null)
  expect(asked).toBe(2)
})

it('The Node example keeps no answer beyond the end of the session', async () => {
  answer = { status: 200, body: { active: true, sub: 'user', exp: NOW / 1000 + 10 } }
  await findUser('token')
  vi.setSystemTime(NOW + 10_000)
  await findUser('token')
  expect(asked).toBe(2)
})

it('The Node example keeps no answer of a token that is not valid, and no failure', async () => {
  answer = { status: 503, body: {} }
  await expect(findUser('token')).rejects.toThrow('introspection failed: 503')
  answer = { status: 200, body: { active: false } }
  expect(await findUser('token')).toBe(null)
  answer = { status: 200, body: { active: true, sub: 'user', exp: NOW / 1000 + 3600 } }
  expect(await findUser('token')).toMatchObject({ userId: 'user' })
  expect(asked).toBe(3)
})

it('The Node example keeps the answers of different tokens apart', async () => {
  await findUser('token')
  answer = { status: 200, body: { active: true, sub: 'other', exp: NOW / 1000 + 3600 } }
  expect(await findUser('another token')).toMatchObject({ userId: 'other' })
})
