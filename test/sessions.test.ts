import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type LoginAnswer, type ProblemBody, useTestApp } from './support/app'
import { hookedKV } from './support/kv'

interface Listed {
  sessions: {
    id: string
    createdAt: string
    expiresAt: string
    userAgent: string | null
    current: boolean
  }[]
}

const app = useTestApp()

async function fetchStatus(token: string): Promise<number> {
  return (await app.send('GET', '/session', { token })).status
}

async function list(token: string): Promise<Listed['sessions']> {
  return (await (await app.send('GET', '/sessions', { token })).json<Listed>()).sessions
}

function loginFrom(userAgent: string | undefined): Promise<LoginAnswer> {
  const headers = {
    'Content-Type': 'application/json',
    ...(userAgent && { 'User-Agent': userAgent }),
  }
  return app
    .wxLogin()
    .then((code) =>
      app.request('/login', { method: 'POST', headers, body: JSON.stringify({ code }) }),
    )
    .then((response) => response.json<LoginAnswer>())
}

describe('GET /session', () => {
  it('tells whose session it is and how long it lives', async () => {
    const { token, userId, expiresAt } = await app.login()
    const response = await app.send('GET', '/session', { token })
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.json()).toEqual({
      userId,
      appid: 'wx4f4bc4dec97d474b',
      createdAt: new Date(app.clock.now * 1000).toISOString(),
      expiresAt,
    })
  })

  it('holds to the last second and not into the next, though KV still has the record', async () => {
    const { token, expiresIn } = await app.login()
    app.clock.now += expiresIn - 1
    expect(await fetchStatus(token)).toBe(200)
    app.clock.now += 1
    expect(await fetchStatus(token)).toBe(401)
  })

  it('does not prolong a session', async () => {
    const { token, expiresAt } = await app.login()
    app.clock.now += 1000
    const session = await (await app.send('GET', '/session', { token })).json<LoginAnswer>()
    expect(session.expiresAt).toBe(expiresAt)
  })

  it('asks for a token where there is none, without calling it an error', async () => {
    for (const headers of [{}, { Authorization: 'Basic YTpi' }]) {
      const response = await app.request('/session', { headers })
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
      expect((await response.json<ProblemBody>()).code).toBe('session_required')
    }
  })

  it('takes the scheme in any case', async () => {
    const { token } = await app.login()
    const headers = { Authorization: `bearer ${token}` }
    expect((await app.request('/session', { headers })).status).toBe(200)
  })

  it('refuses a token with any character changed', async () => {
    const { token } = await app.login()
    for (let index = 0; index < token.length; index += 7) {
      const other = token[index] === 'A' ? 'B' : 'A'
      const response = await app.send('GET', '/session', {
        token: token.slice(0, index) + other + token.slice(index + 1),
      })
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe(
        'Bearer realm="code2session", error="invalid_token"',
      )
    }
  })

  it('asks KV nothing about a malformed token', async () => {
    const { token } = await app.login()
    const malformed = ['', 'undefined', token.slice(1), `${token}A`, token.replace('.', ':')]
    for (const text of malformed) expect(await fetchStatus(text)).toBe(401)
    expect(app.kv.counts.get).toBe(0)
  })

  it("refuses one user's token with another user's id in front", async () => {
    const [alice, bob] = [await app.login({ user: 'alice' }), await app.login({ user: 'bob' })]
    expect(await fetchStatus(bob.userId + alice.token.slice(43))).toBe(401)
  })

  it('does not honour a session of another appid', async () => {
    const { token } = await app.login()
    app.replace({ settings: { WECHAT_APPID: 'wx0000000000000000' } })
    expect(await fetchStatus(token)).toBe(401)
  })
})

describe('DELETE /session', () => {
  it('ends this session and no other', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const response = await app.send('DELETE', '/session', { token: one.token })
    expect(response.status).toBe(204)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.text()).toBe('')
    expect([await fetchStatus(one.token), await fetchStatus(two.token)]).toEqual([401, 200])
  })
})

describe('GET /sessions', () => {
  it("lists all of this user's sessions, newest first, and which one asks", async () => {
    const phone = await loginFrom('MicroMessenger on a phone')
    app.clock.now += 60
    const tablet = await loginFrom('MicroMessenger on a tablet')
    await app.login({ user: 'bob' })
    const id = expect.stringMatching(/^[\w-]{43}$/)
    const seen = (at: number) => new Date(at * 1000).toISOString()
    expect(await list(phone.token)).toEqual([
      {
        id,
        createdAt: seen(app.clock.now),
        expiresAt: tablet.expiresAt,
        userAgent: 'MicroMessenger on a tablet',
        current: false,
      },
      {
        id,
        createdAt: seen(app.clock.now - 60),
        expiresAt: phone.expiresAt,
        userAgent: 'MicroMessenger on a phone',
        current: true,
      },
    ])
  })

  it('is newest first among many', async () => {
    for (let count = 0; count < 6; count++) {
      app.clock.now += 1
      await app.login()
    }
    const { token } = await app.login()
    const times = (await list(token)).map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().reverse())
  })

  it('keeps a User-Agent of control characters from filling up the metadata', async () => {
    const { token } = await loginFrom(`${'\x01'.repeat(250)}phone`)
    expect(await list(token)).toMatchObject([{ userAgent: 'phone' }])
  })

  it('says null for a missing User-Agent and cuts an endless one', async () => {
    const { token } = await loginFrom(undefined)
    await loginFrom('a"\\'.repeat(1000))
    const agents = (await list(token)).map(({ userAgent }) => userAgent?.length ?? null)
    expect(agents.sort()).toEqual([256, null])
  })

  it('leaves out sessions that have expired', async () => {
    await app.login()
    app.clock.now += 604_799
    const { token } = await app.login()
    expect(await list(token)).toHaveLength(2)
    app.clock.now += 1
    expect(await list(token)).toHaveLength(1)
  })

  it('shows the session that asks even if the list does not have it yet', async () => {
    const stale = { keys: [], list_complete: true, cacheStatus: null }
    const { token } = await app.login()
    const SESSIONS = hookedKV(env.SESSIONS, (operation, _key, proceed) =>
      operation === 'list' ? stale : proceed(),
    )
    app.replace({ settings: { SESSIONS } })
    expect(await list(token)).toMatchObject([{ current: true }])
  })

  it('walks over an empty page to the next one', async () => {
    const { token } = await app.login()
    await app.login()
    const SESSIONS = {
      getWithMetadata: (key: string) => env.SESSIONS.getWithMetadata(key, 'arrayBuffer'),
      list: async ({ cursor, prefix }: KVNamespaceListOptions) =>
        cursor
          ? env.SESSIONS.list({ prefix: prefix ?? null })
          : { keys: [], list_complete: false, cursor: 'more' },
    }
    app.replace({ settings: { SESSIONS } })
    expect(await list(token)).toHaveLength(2)
  })
})

describe('DELETE /sessions', () => {
  it("ends all of this user's sessions, this one too, and nobody else's", async () => {
    const mine = [await app.login(), await app.login(), await app.login()]
    const bob = await app.login({ user: 'bob' })
    const token = mine[1]?.token ?? ''
    expect((await app.send('DELETE', '/sessions', { token })).status).toBe(204)
    expect(await Promise.all(mine.map((login) => fetchStatus(login.token)))).toEqual([
      401, 401, 401,
    ])
    expect(await fetchStatus(bob.token)).toBe(200)
  })
})

describe('DELETE /sessions/:id', () => {
  it('ends the session with this id, once', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const other = (await list(one.token)).find(({ current }) => !current)
    const remove = () => app.send('DELETE', `/sessions/${other?.id}`, { token: one.token })
    expect((await remove()).status).toBe(204)
    expect([await fetchStatus(one.token), await fetchStatus(two.token)]).toEqual([200, 401])
    expect((await remove()).status).toBe(404)
  })

  it("does not find another user's session", async () => {
    const [alice, bob] = [await app.login({ user: 'alice' }), await app.login({ user: 'bob' })]
    const [bobs] = await list(bob.token)
    const response = await app.send('DELETE', `/sessions/${bobs?.id}`, { token: alice.token })
    expect(response.status).toBe(404)
    expect((await response.json<ProblemBody>()).code).toBe('not_found')
    expect(await fetchStatus(bob.token)).toBe(200)
  })

  it('does not find a session that has expired, though KV still has it', async () => {
    await app.login()
    app.clock.now += 604_799
    const { token } = await app.login()
    const other = (await list(token)).find(({ current }) => !current)
    app.clock.now += 1
    expect((await app.send('DELETE', `/sessions/${other?.id}`, { token })).status).toBe(404)
  })

  it('takes no empty id for all sessions', async () => {
    const { token } = await app.login()
    expect((await app.send('DELETE', '/sessions/', { token })).status).toBe(404)
    expect((await app.send('DELETE', '/session/', { token })).status).toBe(404)
    expect(await fetchStatus(token)).toBe(200)
  })

  it('does not find what is no id', async () => {
    const { token } = await app.login()
    for (const id of ['x', '..%2F..', 'a'.repeat(600), '%00']) {
      expect((await app.send('DELETE', `/sessions/${id}`, { token })).status).toBe(404)
    }
  })
})
