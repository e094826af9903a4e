/** Sessions as KV keeps them, made and opened with node:crypto as sessions.ts describes them. */

import { env } from 'cloudflare:workers'
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

/** Made with the node:crypto of Node.js 20, outside of this project. */
const VECTOR = {
  token:
    '44DPtk4qtarDgWPXZVEBCjrGmdq2H01MXvIY35JMXlo.AwgNEhccISYrMDU6P0RJTlNYXWJnbHF2e4CFio-UmZ6jqK2yt7zBxsvQ1drf5Onu',
  name: 'session:44DPtk4qtarDgWPXZVEBCjrGmdq2H01MXvIY35JMXlo:AwgNEhccISYrMDU6P0RJTg',
  value:
    'AQABAgMEBQYHCAkKC1WBjBDYZrh4m94AdW757MAVU3DcseGP4GJOOjsi2d4kyVFlyrmrd5+p7j5ckkF/755Aw2QtepebSXyEq2aj8kNmsiNQDzRu2VpKtNxeaA0HZSCby115pZSXYc1+8N0mKHliIr2l7FLfpUHkgpD07F5gZpus/V+XLyc23DwV/g4vMcPSDnt3lTImBWrPTE92uiGcL5Q2mZ69L8gbzrWk4pgx1M3eP6J99Bugsg6ZRrTBXsVvLb3/kSqiOsGRIQ975tlsvcVkuwbCwSe+ohfHBkp785Q2znrrUeeAfY/njyB7wql7lrnZINPBPO1HdZh2',
}

const USER = { openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE', session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' }
const LIFETIME = { createdAt: 1_790_000_000, expiresAt: 1_790_604_800 }
const METADATA = { ...LIFETIME, userAgent: 'a phone' }
const RECORD = {
  appid: APPID,
  ...USER,
  unionid: 'oU12345678',
  previous: null,
  claims: { role: 'reader' },
  ...LIFETIME,
}
const USER_ID = createHash('sha256').update(`${APPID}:${USER.openid}`).digest('base64url')

function toSecret(token: string): Buffer {
  return Buffer.from(token.slice(44), 'base64url')
}

function toName(token: string): string {
  return `session:${token.slice(0, 43)}:${toSecret(token).subarray(0, 16).toString('base64url')}`
}

function openAsDocumented(value: ArrayBuffer, token: string): unknown {
  const bytes = Buffer.from(value)
  expect(bytes[0]).toBe(1)
  const key = toSecret(token).subarray(16)
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13))
  decipher.setAAD(Buffer.from(toName(token))).setAuthTag(bytes.subarray(-16))
  return JSON.parse(decipher.update(bytes.subarray(13, -16), undefined, 'utf8') + decipher.final())
}

function encrypt(key: Uint8Array, name: string, record: unknown): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
  const parts = [
    nonce,
    cipher.update(JSON.stringify(record), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]
  return Buffer.concat(parts)
}

/** Stores a session of {@link USER}: its token. */
async function store(record: unknown = RECORD, version = 1): Promise<string> {
  const token = `${USER_ID}.${randomBytes(48).toString('base64url')}`
  const sealed = encrypt(toSecret(token).subarray(16), toName(token), record)
  const value = Buffer.concat([Buffer.of(version), sealed])
  await env.SESSIONS.put(toName(token), value, { metadata: METADATA })
  return token
}

async function requireOnlyRecord() {
  const { keys } = await env.SESSIONS.list({ prefix: 'session:' })
  const name = keys[0]?.name ?? ''
  const value = await env.SESSIONS.get(name, 'arrayBuffer')
  if (keys.length !== 1 || !value) throw new Error(`there are ${keys.length} records`)
  return { name, value, metadata: keys[0]?.metadata }
}

async function introspect(token: string): Promise<unknown> {
  const response = await app.request('/introspect', {
    method: 'POST',
    headers: { Authorization: `Bearer ${SERVICE_KEY}` },
    body: new URLSearchParams({ token }),
  })
  return response.json()
}

async function fetchCode(token: string): Promise<[number, string?]> {
  const response = await app.send('GET', '/session', { token })
  if (response.ok) return [response.status]
  return [response.status, (await response.json<ProblemBody>()).code]
}

async function listIds(token: string): Promise<string[]> {
  const response = await app.send('GET', '/sessions', { token })
  const { sessions } = await response.json<{ sessions: { id: string }[] }>()
  return sessions.map(({ id }) => id)
}

describe('a session record', () => {
  it('A session record opens with its token in another implementation', async () => {
    const { token } = await app.login()
    const { name, value } = await requireOnlyRecord()
    expect(name).toBe(toName(token))
    expect(openAsDocumented(value, token)).toEqual({
      appid: 'wx4f4bc4dec97d474b',
      openid: await app.getOpenid(),
      unionid: expect.stringMatching(/^oU/),
      session_key: expect.stringMatching(/^[\w+/]{22}==$/),
      previous: null,
      claims: null,
      createdAt: app.clock.now,
      expiresAt: app.clock.now + 604800,
    })
  })

  it('A session record of another implementation is opened', async () => {
    const value = Buffer.from(VECTOR.value, 'base64')
    await env.SESSIONS.put(VECTOR.name, value, { metadata: METADATA })
    expect(await introspect(VECTOR.token)).toMatchObject({
      active: true,
      sub: USER_ID,
      client_id: APPID,
      openid: USER.openid,
      unionid: 'oU12345678',
      claims: { role: 'reader' },
      exp: LIFETIME.expiresAt,
    })
    expect(await listIds(VECTOR.token)).toEqual(['AwgNEhccISYrMDU6P0RJTg'])
  })

  it('A session record opens with nothing that a dump of KV contains', async () => {
    const { userId } = await app.login()
    const { name, value, metadata } = await requireOnlyRecord()
    const id = name.slice(-22)
    const known = ['', name, id, userId, `${userId}.${id}`, `${userId}.`, APPID]
    const digests = [...known, JSON.stringify(metadata), 'code2session session'].flatMap((text) => [
      createHash('sha256').update(text).digest(),
      Buffer.from(hkdfSync('sha256', text, '', 'code2session session', 32)),
      Buffer.alloc(32, text),
    ])
    const bytes = Buffer.from(id, 'base64url')
    const keys = [...digests, Buffer.concat([bytes, bytes]), Buffer.concat([bytes], 32)]
    for (const key of [...keys, Buffer.from(value).subarray(1, 33)]) {
      const guess = `${userId}.${Buffer.concat([bytes, key]).toString('base64url')}`
      expect(() => openAsDocumented(value, guess)).toThrow()
      expect(await fetchCode(guess)).toEqual([401, 'session_invalid'])
    }
  })

  it('Each session record has a name, a key and a nonce of its own', async () => {
    const tokens: string[] = []
    for (let count = 0; count < 20; count++) tokens.push((await app.login()).token)
    const { keys } = await env.SESSIONS.list({ prefix: 'session:' })
    const values = await Promise.all(keys.map(({ name }) => env.SESSIONS.get(name, 'arrayBuffer')))
    const nonces = values.map((value) => Buffer.from(value ?? []).toString('hex', 1, 13))
    const secrets = tokens.map((token) => toSecret(token).subarray(16).toString('hex'))
    for (const distinct of [keys.map(({ name }) => name), nonces, secrets]) {
      expect(new Set(distinct).size).toBe(20)
    }
  })

  it('No request after the login writes a session record again', async () => {
    const { token } = await app.login()
    const { value } = await requireOnlyRecord()
    await app.send('GET', '/session', { token })
    await app.send('POST', '/session/check', { token })
    await app.send('GET', '/sessions', { token })
    expect((await requireOnlyRecord()).value).toEqual(value)
  })

  it('A session record does not open under another userId or another name', async () => {
    const token = await store()
    const value = (await env.SESSIONS.get(toName(token), 'arrayBuffer')) ?? ''
    const { userId } = await app.login({ user: 'bob' })
    const secret = toSecret(token)
    secret[0] = (secret[0] ?? 0) ^ 1
    const others = [`${userId}.${token.slice(44)}`, `${USER_ID}.${secret.toString('base64url')}`]
    for (const other of others) {
      await env.SESSIONS.put(toName(other), value, { metadata: METADATA })
      expect(await fetchCode(other)).toEqual([401, 'session_invalid'])
    }
    expect(await fetchCode(token)).toEqual([200])
  })

  it('A session record that opens to something else than a session is refused', async () => {
    const { claims, ...incomplete } = RECORD
    const members = [
      { appid: 1 },
      { openid: 1 },
      { unionid: 1 },
      { session_key: 1 },
      { previous: 'text' },
      { previous: { session_key: 1, until: 1 } },
      { previous: { session_key: 'text', until: '1' } },
      { claims: 'text' },
      { createdAt: '1' },
      { expiresAt: '1' },
    ]
    const odd = members.map((member) => ({ ...RECORD, ...member }))
    for (const record of [null, [], 'text', {}, incomplete, ...odd]) {
      expect(await fetchCode(await store(record))).toEqual([401, 'session_invalid'])
    }
  })
})

describe('a session record of a version that is not known', () => {
  const VERSIONS = [0, 2, 255]

  it.each(VERSIONS)('The token of a record of version %i is session_invalid', async (version) => {
    const token = await store(RECORD, version)
    expect(await fetchCode(token)).toEqual([401, 'session_invalid'])
    expect(await introspect(token)).toEqual({ active: false })
  })

  it.each(VERSIONS)('A record of version %i is listed, and ended by its id', async (version) => {
    const [token, other] = [await store(), await store(RECORD, version)]
    const id = toName(other).slice(-22)
    expect(await listIds(token)).toContain(id)
    expect((await app.send('DELETE', `/sessions/${id}`, { token })).status).toBe(204)
    expect(await listIds(token)).toEqual([toName(token).slice(-22)])
  })
})

describe('a record whose name is not the id of a session', () => {
  const name = `session:${USER_ID}:${'x'.repeat(43)}`

  beforeEach(() => env.SESSIONS.put(name, 'a value', { metadata: METADATA }))

  it('A record whose name is not an id is not listed, and cannot be ended by its name', async () => {
    const token = await store()
    expect(await listIds(token)).toEqual([toName(token).slice(-22)])
    expect((await app.send('DELETE', `/sessions/${'x'.repeat(43)}`, { token })).status).toBe(404)
  })

  it('DELETE /sessions deletes a record whose name is not an id', async () => {
    const token = await store()
    expect((await app.send('DELETE', '/sessions', { token })).status).toBe(204)
    expect((await env.SESSIONS.list()).keys).toEqual([])
  })
})

describe('the id of a session', () => {
  it('GET /sessions shows 16 bytes of each token and nothing of its key', async () => {
    const tokens = [(await app.login()).token, (await app.login()).token]
    const response = await app.send('GET', '/sessions', { token: tokens[0] ?? '' })
    const text = await response.text()
    for (const token of tokens) {
      expect(text).toContain(`"${toName(token).slice(-22)}"`)
      expect(text).not.toContain(token.slice(-42))
      const key = toSecret(token).subarray(16)
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        expect(text).not.toContain(key.toString(encoding))
      }
    }
  })

  it('An id with another last character for the same bytes is not found', async () => {
    const { token } = await app.login()
    const id = toName(token).slice(-22)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const same = [...alphabet].map((last) => id.slice(0, 21) + last).filter((text) => text !== id)
    for (const text of [...same, `${id}==`, `${id}A`]) {
      expect((await app.send('DELETE', `/sessions/${text}`, { token })).status).toBe(404)
    }
    expect(await fetchCode(token)).toEqual([200])
  })
})
