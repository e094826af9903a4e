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
  it('GET /session returns the user and the lifetime of the session', async () => {
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

  it('A session ends in the second of its expiry, even if KV still has the record', async () => {
    const { token, expiresIn } = await app.login()
    app.clock.now += expiresIn - 1
    expect(await fetchStatus(token)).toBe(200)
    app.clock.now += 1
    expect(await fetchStatus(token)).toBe(401)
  })

  it('GET /session does not prolong a session', async () => {
    const { token, expiresAt } = await app.login()
    app.clock.now += 1000
    const session = await (await app.send('GET', '/session', { token })).json<LoginAnswer>()
    expect(session.expiresAt).toBe(expiresAt)
  })

  it('GET /session without a bearer token is challenged without an error', async () => {
    for (const headers of [{}, { Authorization: 'Basic YTpi' }]) {
      const response = await app.request('/session', { headers })
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="code2session"')
      expect((await response.json<ProblemBody>()).code).toBe('session_required')
    }
  })

  it('A token in the query, in a cookie or in the body opens no session', async () => {
    const { token } = await app.login()
    const Cookie = `token=${token}`
    for (const [path, headers] of [
      [`/session?token=${token}&access_token=${token}`, {}],
      ['/session', { Cookie }],
    ] as const) {
      expect((await app.request(path, { headers })).status).toBe(401)
    }
    const body = { token, access_token: token }
    expect((await app.send('POST', '/session/check', { body })).status).toBe(401)
  })

  it('The scheme of the Authorization header is case-insensitive', async () => {
    const { token } = await app.login()
    const headers = { Authorization: `bearer ${token}` }
    expect((await app.request('/session', { headers })).status).toBe(200)
  })

  it('A token with any character changed is refused with invalid_token', async () => {
    const { token } = await app.login()
    for (let index = 0; index < token.length; index++) {
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

  it('A malformed token is refused without a read of KV', async () => {
    const { token } = await app.login()
    const [userId, secret] = [token.slice(0, 43), token.slice(44)]
    const malformed = ['', 'undefined', token.slice(1), `${token}A`, token.replace('.', ':')]
    malformed.push(userId, `${userId}.`, secret, `.${secret}`, `${userId}..${secret}`)
    malformed.push(token.slice(0, -1), `${token}AAAA`, `${token}=`, `${token.slice(0, -1)}=`)
    malformed.push(`${token.slice(0, -2)}==`, `${token}.${secret}`, `${token}%3D`)
    for (const other of ['+', '/', '=', '.', ' ', '~']) {
      malformed.push(`${userId}.A${other}${secret.slice(2)}`)
    }
    for (const text of malformed) expect(await fetchStatus(text)).toBe(401)
    expect(app.kv.counts.get).toBe(0)
  })

  it("A token with another user's userId in it is refused", async () => {
    const [alice, bob] = [await app.login({ user: 'alice' }), await app.login({ user: 'bob' })]
    expect(await fetchStatus(bob.userId + alice.token.slice(43))).toBe(401)
  })

  it('A session of another appid is refused', async () => {
    const { token } = await app.login()
    app.replace({ settings: { WECHAT_APPID: 'wx0000000000000000' } })
    expect(await fetchStatus(token)).toBe(401)
  })
})

describe('GET /sessions', () => {
  it('GET /sessions lists the sessions of the user, newest first, and marks the current one', async () => {
    const phone = await loginFrom('MicroMessenger on a phone')
    app.clock.now += 60
    const tablet = await loginFrom('MicroMessenger on a tablet')
    await app.login({ user: 'bob' })
    const id = expect.stringMatching(/^[\w-]{21}[AQgw]$/)
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

  it('GET /sessions lists many sessions with the newest first', async () => {
    for (let count = 0; count < 6; count++) {
      app.clock.now += 1
      await app.login()
    }
    const { token } = await app.login()
    const times = (await list(token)).map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().reverse())
  })

  it('GET /sessions lists sessions of the same second by their ids', async () => {
    const tokens: string[] = []
    for (let count = 0; count < 4; count++) tokens.push((await app.login()).token)
    for (const token of tokens) {
      const ids = (await list(token)).map(({ id }) => id)
      expect(ids).toEqual(ids.toSorted())
    }
  })

  it('GET /sessions shows a User-Agent without its control characters', async () => {
    const { token } = await loginFrom(`${'\x01'.repeat(250)}phone`)
    expect(await list(token)).toMatchObject([{ userAgent: 'phone' }])
  })

  it('GET /sessions shows a User-Agent without its characters outside ASCII', async () => {
    const { token } = await loginFrom('Phon\u00e9 (\u00ff)')
    expect(await list(token)).toMatchObject([{ userAgent: 'Phon ()' }])
  })

  it('GET /sessions shows null for a missing User-Agent and cuts a long one to 256 characters', async () => {
    const { token } = await loginFrom(undefined)
    await loginFrom('a"\\'.repeat(1000))
    const agents = (await list(token)).map(({ userAgent }) => userAgent?.length ?? null)
    expect(agents.sort()).toEqual([256, null])
  })

  it('GET /sessions leaves out sessions that have expired', async () => {
    await app.login()
    app.clock.now += 604_799
    const { token } = await app.login()
    expect(await list(token)).toHaveLength(2)
    app.clock.now += 1
    expect(await list(token)).toHaveLength(1)
  })

  it('GET /sessions shows the current session even if the list of KV lacks it', async () => {
    const stale = { keys: [], list_complete: true, cacheStatus: null }
    const { token } = await app.login()
    const SESSIONS = hookedKV(env.SESSIONS, (operation, _key, proceed) =>
      operation === 'list' ? stale : proceed(),
    )
    app.replace({ settings: { SESSIONS } })
    expect(await list(token)).toMatchObject([{ current: true }])
  })

  it('GET /sessions reads on after an empty page', async () => {
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
