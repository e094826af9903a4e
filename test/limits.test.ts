import { describe, expect, it } from 'vitest'
import { toNetwork } from '../src/login/http/limits'
import { type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

/** A rate limit that allows this many requests, and the keys it has counted. */
function limiter(most: number) {
  const keys: string[] = []
  const limit = async ({ key }: { key: string }) => ({ success: keys.push(key) <= most })
  return { keys, limit }
}

/** A rate limit that allows this many requests of each key. */
function limiterPerKey(most: number) {
  const counts = new Map<string, number>()
  const limit = async ({ key }: { key: string }) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return { success: count <= most }
  }
  return { limit }
}

const BROKEN = { limit: () => Promise.reject(new Error('the limiter is down')) }

async function statuses(requests: (() => Promise<Response>)[]): Promise<number[]> {
  const seen: number[] = []
  for (const request of requests) seen.push((await request()).status)
  return seen
}

const FROM = { 'CF-Connecting-IP': '203.0.113.7' }

async function login(headers: Record<string, string> = FROM): Promise<Response> {
  return app.request('/login', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ code: await app.wxLogin() }),
  })
}

describe('the limit on logins', () => {
  it('A login beyond LOGIN_LIMIT gets 429 with Retry-After and makes no call to WeChat', async () => {
    const LOGIN_LIMIT = limiter(2)
    app.replace({ settings: { LOGIN_LIMIT } })
    expect(await statuses([login, login, login])).toEqual([200, 200, 429])
    const refused = await login()
    expect(refused.headers.get('Retry-After')).toBe('60')
    expect(await refused.json<ProblemBody>()).toMatchObject({
      code: 'rate_limited',
      action: 'retry_later',
    })
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(2)
    expect(new Set(LOGIN_LIMIT.keys)).toEqual(new Set(['203.0.113.7']))
  })

  it('LOGIN_LIMIT counts no request of a session', async () => {
    const LOGIN_LIMIT = limiter(1)
    app.replace({ settings: { LOGIN_LIMIT } })
    const { token } = await (await login()).json<{ token: string }>()
    const send = (method: string, path: string) => () => app.send(method, path, { token })
    const requests = [send('GET', '/session'), send('POST', '/session/check')]
    expect(await statuses([...requests, send('DELETE', '/session')])).toEqual([200, 200, 204])
    expect(LOGIN_LIMIT.keys).toHaveLength(1)
  })

  it('A login passes and is logged if LOGIN_LIMIT cannot be checked', async () => {
    app.replace({ settings: { LOGIN_LIMIT: BROKEN } })
    expect((await login()).status).toBe(200)
    expect(app.warnings).toEqual(['{"level":"warn","reason":"a rate limit could not be checked"}'])
  })
})

describe('the limit on requests of one user', () => {
  const COSTLY = [
    ['POST', '/session/check'],
    ['POST', '/session/reset'],
    ['POST', '/phone-number'],
    ['GET', '/sessions'],
  ] as const

  it.each(COSTLY)(
    '%s %s beyond USER_LIMIT gets 429 and asks neither WeChat nor for a list of KV',
    async (method, path) => {
      const USER_LIMIT = limiter(0)
      app.replace({ settings: { USER_LIMIT } })
      const { token, userId } = await app.login()
      const body = path === '/phone-number' ? { body: { code: 'x' } } : {}
      const response = await app.send(method, path, { token, ...body })
      const { code } = await response.json<ProblemBody>()
      expect([response.status, response.headers.get('Retry-After'), code]).toEqual([
        429,
        '60',
        'rate_limited',
      ])
      expect(USER_LIMIT.keys).toEqual([userId])
      const apis = ['/cgi-bin/stable_token', '/wxa/checksession', '/wxa/resetusersessionkey']
      for (const api of [...apis, '/wxa/business/getuserphonenumber']) {
        expect(app.sandbox.calls(api)).toBe(0)
      }
      expect(app.kv.counts.list).toBe(0)
    },
  )

  it('USER_LIMIT counts the requests of all sessions of one user together', async () => {
    app.replace({ settings: { USER_LIMIT: limiter(2) } })
    const [one, two] = [await app.login(), await app.login()]
    const list = (token: string) => () => app.send('GET', '/sessions', { token })
    const requests = [list(one.token), list(two.token), list(one.token)]
    expect(await statuses(requests)).toEqual([200, 200, 429])
  })

  it('USER_LIMIT counts nothing for a token that only claims a userId', async () => {
    const USER_LIMIT = limiter(0)
    app.replace({ settings: { USER_LIMIT } })
    const { userId } = await app.login()
    const token = `${userId}.${'a'.repeat(64)}`
    const forged = COSTLY.map(
      ([method, path]) =>
        () =>
          app.send(method, path, { token }),
    )
    expect(await statuses(forged)).toEqual([401, 401, 401, 401])
    expect(USER_LIMIT.keys).toEqual([])
  })

  const toId = (token: string) =>
    Buffer.from(token.slice(44), 'base64url').toString('base64url', 0, 16)

  it.each(['/session', '/sessions', `/sessions/${'a'.repeat(21)}A`])(
    'DELETE %s beyond USER_LIMIT gets 429, is counted by the id of its session, and ends nothing',
    async (path) => {
      const USER_LIMIT = limiter(0)
      app.replace({ settings: { USER_LIMIT } })
      const { token } = await app.login()
      const before = { ...app.kv.counts }
      const refused = await app.send('DELETE', path, { token })
      const { code } = await refused.json<ProblemBody>()
      expect([refused.status, refused.headers.get('Retry-After'), code]).toEqual([
        429,
        '60',
        'rate_limited',
      ])
      expect(USER_LIMIT.keys).toEqual([toId(token)])
      expect(app.kv.counts).toEqual({ ...before, get: before.get + 1 })
    },
  )

  it('Whoever uses up the limit of a stolen token does not keep the owner from ending it', async () => {
    app.replace({ settings: { USER_LIMIT: limiterPerKey(2) } })
    const [stolen, own] = [(await app.login()).token, (await app.login()).token]
    const end = (token: string, path: string) => () => app.send('DELETE', path, { token })
    const unknown = end(stolen, `/sessions/${'a'.repeat(21)}A`)
    expect(await statuses([unknown, unknown, unknown, end(stolen, '/sessions')])).toEqual([
      404, 404, 429, 429,
    ])
    const check = () => app.send('GET', '/session', { token: stolen })
    expect(await statuses([end(own, `/sessions/${toId(stolen)}`), check])).toEqual([204, 401])
  })

  it('A request passes and is logged if USER_LIMIT cannot be checked', async () => {
    app.replace({ settings: { USER_LIMIT: BROKEN } })
    const { token } = await app.login()
    expect((await app.send('GET', '/sessions', { token })).status).toBe(200)
    expect(app.warnings).toEqual(['{"level":"warn","reason":"a rate limit could not be checked"}'])
  })
})

describe('the address that a login counts against', () => {
  /** The keys that one login with these headers counts. */
  async function countedKeys(headers: Record<string, string>, settings = {}): Promise<string[]> {
    const LOGIN_LIMIT = limiter(1)
    app.replace({ settings: { LOGIN_LIMIT, ...settings } })
    expect((await login(headers)).status).toBe(200)
    return LOGIN_LIMIT.keys
  }
  const TRUSTED = { CLIENT_IP_HEADER: 'X-Client' }

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['192.0.2.9, 198.51.100.1', '198.51.100.1'],
    ['nonsense,198.51.100.1 ', '198.51.100.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['192.0.2.9, 2001:db8::1', '2001:db8:0:0'],
  ])('The header of CLIENT_IP_HEADER with %o counts as %s', async (value, key) => {
    expect(await countedKeys({ ...FROM, 'X-Client': value }, TRUSTED)).toEqual([key])
  })

  it.each(['unknown', '', '256.1.1.1', '1.2.3', '198.51.100.1,', '198.51.100.1:443', 'a:b'])(
    'The header of CLIENT_IP_HEADER with %o holds no address, so that CF-Connecting-IP counts',
    async (value) => {
      expect(await countedKeys({ ...FROM, 'X-Client': value }, TRUSTED)).toEqual(['203.0.113.7'])
    },
  )

  it('CF-Connecting-IP counts if the header of CLIENT_IP_HEADER is missing or the setting is', async () => {
    expect(await countedKeys(FROM, TRUSTED)).toEqual(['203.0.113.7'])
    expect(await countedKeys({ ...FROM, 'X-Client': '198.51.100.1' })).toEqual(['203.0.113.7'])
  })

  it('A login without any address is not counted', async () => {
    expect(await countedKeys({})).toEqual([])
  })

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
  ])('Requests from %s count under the key %s', (ip, key) => {
    expect(toNetwork(ip)).toBe(key)
  })
})
