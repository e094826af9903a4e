import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type OpenData, type ProblemBody, useTestApp } from './support/app'
import { hookedKV } from './support/kv'

const app = useTestApp()

const NOTHING = { get: 0, put: 0, delete: 0, list: 0 }

/** Counts the KV operations and the calls of code2Session that a task makes. */
async function measureCost(task: () => Promise<unknown>) {
  const before = { ...app.kv.counts, calls: app.sandbox.calls('/sns/jscode2session') }
  await task()
  const after = { ...app.kv.counts, calls: app.sandbox.calls('/sns/jscode2session') }
  return {
    get: after.get - before.get,
    put: after.put - before.put,
    delete: after.delete - before.delete,
    list: after.list - before.list,
    calls: after.calls - before.calls,
  }
}

describe('a dump of KV', () => {
  it('A dump of KV contains no token, code, openid, unionid or session_key', async () => {
    const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='
    const user = { openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE', unionid: 'oU12345678', session_key }
    app.replace({ fetch: async () => Response.json(user) })
    const code = await app.wxLogin()
    const response = await app.send('POST', '/login', { body: { code } })
    const { token } = await response.json<{ token: string }>()

    const { keys } = await env.SESSIONS.list()
    expect(keys).toHaveLength(1)
    const name = keys[0]?.name ?? ''
    const value = (await env.SESSIONS.get(name, 'arrayBuffer')) ?? new ArrayBuffer()
    expect(value.byteLength).toBeGreaterThan(100)
    const dump = JSON.stringify(keys) + new TextDecoder('latin1').decode(value)
    const secret = token.slice(44)
    const rawKey = new TextDecoder('latin1').decode(Uint8Array.fromBase64(session_key))
    const known = [token, secret, code, user.openid, user.unionid, session_key, rawKey, 'openid']
    // The name of the record is in KV, so the key of the token is searched for by itself as well.
    const tokenKey = Buffer.from(secret, 'base64url').subarray(16)
    const encodings = ['latin1', 'hex', 'base64', 'base64url'] as const
    known.push(secret.slice(-42), ...encodings.map((encoding) => tokenKey.toString(encoding)))
    for (const text of known) expect(dump).not.toContain(text)
  })

  it('The KV key of a session consists of the userId and the first 16 bytes of the secret', async () => {
    const { token, userId } = await app.login()
    const id = Buffer.from(token.slice(44), 'base64url').toString('base64url', 0, 16)
    const { keys } = await env.SESSIONS.list()
    expect(keys).toEqual([
      {
        name: `session:${userId}:${id}`,
        expiration: expect.any(Number),
        metadata: {
          createdAt: app.clock.now,
          expiresAt: app.clock.now + 604800,
          userAgent: null,
        },
      },
    ])
  })

  it('A session record with any byte changed, or cut short, is refused', async () => {
    const { token } = await app.login()
    const name = (await env.SESSIONS.list()).keys[0]?.name ?? ''
    const value = new Uint8Array((await env.SESSIONS.get(name, 'arrayBuffer')) ?? [])
    for (const index of value.keys()) {
      const altered = value.slice()
      altered[index] = (altered[index] ?? 0) ^ 1
      await env.SESSIONS.put(name, altered)
      expect((await app.send('GET', '/session', { token })).status).toBe(401)
    }
    for (const length of [0, 1, 5, 13, 29, value.length - 1]) {
      await env.SESSIONS.put(name, value.slice(0, length))
      expect((await app.send('GET', '/session', { token })).status).toBe(401)
    }
  })
})

describe('what KV is told', () => {
  it('KV keeps a session for its lifetime, and a location caches it for 30 seconds', async () => {
    const { token, userId } = await app.login()
    await app.send('GET', '/session', { token })
    const key = expect.stringMatching(`^session:${userId}:`)
    const metadata = expect.any(Object)
    expect(app.kv.calls).toEqual([
      { operation: 'put', key, options: { expirationTtl: 604_800, metadata } },
      { operation: 'get', key, options: { type: 'arrayBuffer', cacheTtl: 30 } },
    ])
  })

  it('KV keeps a session for 60 seconds where less is left of its lifetime', async () => {
    app.replace({ settings: { SESSION_TTL: '60' } })
    const { token } = await app.login()
    app.clock.now += 59
    expect((await app.send('POST', '/session/reset', { token })).status).toBe(200)
    const puts = app.kv.calls.filter(({ key }) => key.startsWith('session:'))
    const lifetimes = puts.filter(({ operation }) => operation === 'put')
    expect(lifetimes.map(({ options }) => options)).toMatchObject([
      { expirationTtl: 60 },
      { expirationTtl: 60 },
    ])
  })

  it('KV keeps an access_token until it expires', async () => {
    const { token } = await app.login()
    await app.send('POST', '/session/check', { token })
    const key = `access_token:${env.WECHAT_APPID}`
    expect(app.kv.calls.filter((call) => call.key === key)).toEqual([
      { operation: 'get', key, options: 'arrayBuffer' },
      { operation: 'put', key, options: { expirationTtl: 7200 } },
    ])
  })
})

describe('the cost', () => {
  it('A login costs one call to WeChat and one KV write', async () => {
    expect(await measureCost(() => app.login())).toEqual({ ...NOTHING, put: 1, calls: 1 })
  })

  it('A login that replaces a session costs one more KV read and one KV delete', async () => {
    const { token } = await app.login()
    expect(await measureCost(() => app.login({ token }))).toEqual({
      get: 1,
      put: 1,
      delete: 1,
      list: 0,
      calls: 1,
    })
  })

  it('GET /session and the verification and decryption of open data cost one KV read each', async () => {
    const { token } = await app.login()
    const body = await app.press<OpenData>('wx.getUserInfo')
    const read = { ...NOTHING, get: 1, calls: 0 }
    expect(await measureCost(() => app.send('GET', '/session', { token }))).toEqual(read)
    for (const path of ['/open-data/verify', '/open-data/decrypt']) {
      expect(await measureCost(() => app.send('POST', path, { token, body }))).toEqual(read)
    }
  })

  it('GET /sessions costs one KV read and one KV list', async () => {
    const { token } = await app.login()
    const task = () => app.send('GET', '/sessions', { token })
    expect(await measureCost(task)).toEqual({ ...NOTHING, get: 1, list: 1, calls: 0 })
  })
})

describe('KV that fails', () => {
  it.each([
    ['get', 'GET', '/session'],
    ['delete', 'DELETE', '/session'],
    ['list', 'GET', '/sessions'],
    ['list', 'DELETE', '/sessions'],
    ['delete', 'DELETE', '/sessions'],
  ] as const)(
    'A KV %s that fails is store_unavailable for %s %s',
    async (operation, method, path) => {
      const { token } = await app.login()
      app.kv.down.add(operation)
      const response = await app.send(method, path, { token })
      expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
      expect((await response.json<ProblemBody>()).code).toBe('store_unavailable')
    },
  )

  it('A KV put that fails is store_unavailable for a login, and ends no session', async () => {
    const { token } = await app.login()
    app.kv.down.add('put')
    const body = { code: await app.wxLogin() }
    expect((await app.send('POST', '/login', { token, body })).status).toBe(503)
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })

  it('DELETE /sessions ends as many sessions as KV allows operations, and all of them when it is repeated', async () => {
    // A tenth of what a request may do: 1,000 operations, with up to 1,000 keys in a list.
    const [maxOperations, limit] = [100, 100]
    const { token, userId } = await app.login()
    const names = Array.from({ length: 120 }, (_, index) => `session:${userId}:${index}`)
    for (const name of names) await env.SESSIONS.put(name, 'x')
    let [operations, answers] = [0, 0]
    const limited = hookedKV(env.SESSIONS, (_operation, _key, proceed) => {
      if (++operations <= maxOperations) return proceed()
      throw new Error('Too many API requests by single Worker invocation.')
    })
    const list = (options: KVNamespaceListOptions) => limited.list({ ...options, limit })
    app.replace({ settings: { SESSIONS: Object.assign(Object.create(limited), { list }) } })
    const ask = () => {
      operations = 0
      answers++
      return app.send('DELETE', '/sessions', { token })
    }
    const first = await ask()
    expect([first.status, first.headers.get('Retry-After')]).toEqual([503, '5'])
    expect((await first.json<ProblemBody>()).detail).toMatch(/^50 sessions have ended/)
    expect((await ask()).status).toBe(204)
    expect([answers, (await env.SESSIONS.list()).keys.length]).toEqual([2, 0])
  })

  it('DELETE /sessions that fails leaves the current session, so that the user can repeat it', async () => {
    const [one, two] = [await app.login(), await app.login()]
    // Only the first delete fails, which shows the order of the deletes.
    app.kv.failOnce('delete')
    expect((await app.send('DELETE', '/sessions', { token: one.token })).status).toBe(503)
    expect((await app.send('GET', '/session', { token: one.token })).status).toBe(200)
    expect((await app.send('DELETE', '/sessions', { token: one.token })).status).toBe(204)
    expect((await app.send('GET', '/session', { token: two.token })).status).toBe(401)
  })
})
