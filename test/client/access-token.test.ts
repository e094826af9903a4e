import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

const API = 'https://api.example'
const ENDPOINT = `${BASE_URL}/session/access-token`
const NOW = Date.UTC(2026, 10, 30)
const REFUSED = { code: 'session_invalid', action: 'login_again' }

/** The JWT access tokens of a test, and their names. */
const names = new Map<string, string>()
let phone: Phone
let client: Client
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [API], accessTokens: true })
  names.clear()
  nameTokens()
})
afterEach(() => {
  vi.useRealTimers()
  return reset()
})

/** Names the JWT access tokens that the server gives: `jwt-1`, `jwt-2`, and so on. */
function nameTokens(expiresIn?: number): void {
  phone.answers.set(ENDPOINT, async (request) => {
    const response = await phone.ask(request)
    if (response.statusCode !== 200) return response
    const data = { ...Object(response.data), ...(expiresIn && { expiresIn }) }
    names.set(data.accessToken, `jwt-${names.size + 1}`)
    return { ...response, data }
  })
}

const answer = (url: string, statusCode: number, data: unknown = {}) =>
  phone.answers.set(url, () => ({ statusCode, data, header: {} }))

/** Has the API answer these tokens with 401. */
const refuse = (...refused: string[]) =>
  phone.answers.set(`${API}/me`, ({ header }) => {
    const statusCode = refused.includes(readToken(header) ?? '') ? 401 : 200
    return { statusCode, data: {}, header: {} }
  })

/** The token of a request, or its name. */
function readToken({ Authorization }: Record<string, string> = {}): string | undefined {
  const token = Authorization?.slice('Bearer '.length)
  return token && (names.get(token) ?? token)
}

/** The tokens that a URL has got, in order. */
const tokensAt = (url: string) =>
  phone.requests.filter((request) => request.url === url).map(({ header }) => readToken(header))
const atApi = () => tokensAt(`${API}/me`)
const fetches = () => tokensAt(ENDPOINT).length

const getMe = (options = {}) => client.request({ url: `${API}/me`, ...options })
const getMeOften = () => Promise.all(Array.from({ length: 50 }, () => getMe()))

/** Holds the next answer of a URL back, from when it is there until it is released. */
function holdAnswer(url: string) {
  const { request } = phone.wx
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  phone.wx.request = (options) => {
    if (options.url !== url) return request(options)
    phone.wx.request = request
    const success: typeof options.success = (response) => {
      arrived.resolve()
      released.promise.then(() => options.success?.(response))
    }
    return request({ ...options, success })
  }
  return { arrived: arrived.promise, release: released.resolve }
}

describe('where a JWT access token goes', () => {
  it('hosts get the JWT access token, the server gets the token of the session, and others get none', async () => {
    const { token } = await client.login()
    const urls = [`${API}/me`, '/session', `${BASE_URL}/mine`, 'https://other.example/me']
    for (const url of urls) await client.request({ url })
    expect(atApi()).toEqual(['jwt-1'])
    expect(tokensAt(`${BASE_URL}/session`)).toEqual([token])
    expect(tokensAt(`${BASE_URL}/mine`)).toEqual([token])
    expect(tokensAt('https://other.example/me')).toEqual([undefined])
    const [accessToken] = names.keys()
    expect(JSON.stringify([...phone.storage])).not.toContain(accessToken)
  })

  it('A host of the origin of the server gets the token of the session', async () => {
    const hosts = [`${BASE_URL}:443`]
    client = createClient({ baseUrl: `${BASE_URL}/auth`, wx: phone.wx, hosts, accessTokens: true })
    answer(`${BASE_URL}/auth/login`, 200, { token: 'opaque', userId: 'alice', expiresIn: 3600 })
    await client.request({ url: `${BASE_URL}/me` })
    expect(tokensAt(`${BASE_URL}/me`)).toEqual(['opaque'])
  })

  it('A request with a JWT access token, and the one for it, follow no redirect', async () => {
    await getMe()
    expect(phone.requests.map(({ redirect }) => redirect)).toEqual(Array(3).fill('manual'))
    answer(ENDPOINT, 302)
    await client.login()
    await expect(getMe()).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 302 })
  })

  it('With Cloud Hosting the JWT access token comes over callContainer, and goes to hosts over wx.request', async () => {
    const cloud = { env: 'prod-0a1b2c3d', service: 'code2session' }
    client = createClient({ cloud, wx: phone.wx, hosts: [API], accessTokens: true })
    await getMe()
    expect(phone.containerCalls).toMatchObject([
      { path: '/login' },
      { path: '/session/access-token', method: 'POST' },
    ])
    expect(phone.requests.map(({ url }) => url)).toEqual([`${API}/me`])
    expect(atApi()).toEqual(['jwt-1'])
  })

  it('accessToken() gives the one that hosts get, and logs in for it', async () => {
    expect([await client.accessToken()]).toEqual([...names.keys()])
    await getMe()
    expect([atApi(), fetches(), phone.logins]).toEqual([['jwt-1'], 1, 1])
  })
})

describe('when a JWT access token is fetched', () => {
  it('50 requests at a cold start share one login and one JWT access token', async () => {
    await getMeOften()
    expect(atApi()).toEqual(Array(50).fill('jwt-1'))
    expect([fetches(), phone.logins]).toEqual([1, 1])
  })

  it.each([
    [300, 270],
    [60, 30],
    [40, 20],
  ])(
    'A JWT access token of %i seconds is used for %i, and then renewed',
    async (expiresIn, seconds) => {
      nameTokens(expiresIn)
      await client.login()
      const { arrived, release } = holdAnswer(ENDPOINT)
      const first = getMe()
      await arrived
      vi.setSystemTime(NOW + 60_000)
      release()
      await first
      vi.setSystemTime(NOW + 60_000 + seconds * 1000 - 1)
      await getMe()
      vi.setSystemTime(NOW + 60_000 + seconds * 1000)
      await getMe()
      expect(atApi()).toEqual(['jwt-1', 'jwt-1', 'jwt-2'])
    },
  )

  it.each([
    [404, { code: 'not_found', action: 'stop' }],
    [503, { code: 'store_unavailable', action: 'retry_later' }],
  ])(
    'If the server answers %i for a JWT access token, requests reject with that, and the next one asks again',
    async (statusCode, problem) => {
      answer(ENDPOINT, statusCode, problem)
      await expect(getMe()).rejects.toMatchObject({ ...problem, statusCode })
      await expect(client.accessToken()).rejects.toMatchObject(problem)
      expect([atApi(), fetches(), phone.logins]).toEqual([[], 2, 1])
      nameTokens()
      await getMe()
      expect(atApi()).toEqual(['jwt-1'])
    },
  )

  it('Requests to hosts reject with network_error if the server is out of reach', async () => {
    await client.login()
    phone.failing.set('request', { errMsg: 'request:fail timeout' })
    await expect(getMe()).rejects.toMatchObject({ code: 'network_error' })
    phone.failing.clear()
    expect((await getMe()).statusCode).toBe(200)
  })

  it('An answer without a JWT access token is answer_invalid', async () => {
    answer(ENDPOINT, 200, { token: 'jwt' })
    await expect(getMe()).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 200 })
  })
})

describe('a JWT access token that a host refuses', () => {
  it('50 refused requests share one new JWT access token, and are repeated once', async () => {
    refuse('jwt-1')
    const answers = await getMeOften()
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(50).fill(200))
    expect(atApi().sort()).toEqual([...Array(50).fill('jwt-1'), ...Array(50).fill('jwt-2')])
    expect([fetches(), phone.logins]).toEqual([2, 1])
  })

  it('A second 401 of a host is the answer', async () => {
    refuse('jwt-1', 'jwt-2')
    expect((await getMe()).statusCode).toBe(401)
    expect([atApi(), phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('A late 401 for an old JWT access token repeats the request with the newer one', async () => {
    refuse('jwt-1')
    const { arrived, release } = holdAnswer(`${API}/me`)
    const late = getMe()
    await arrived
    await getMe()
    release()
    expect((await late).statusCode).toBe(200)
    expect([atApi(), fetches()]).toEqual([['jwt-1', 'jwt-1', 'jwt-2', 'jwt-2'], 2])
  })

  it('loginWhen tells a refusal of a JWT access token with status 200', async () => {
    const loginWhen = ({ data }: { data: unknown }) => Object(data).errno === 401
    const options = { hosts: [API], accessTokens: true, loginWhen }
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, ...options })
    const answers = [{ errno: 401 }, { name: 'Alice' }]
    phone.answers.set(`${API}/me`, () => ({ statusCode: 200, data: answers.shift(), header: {} }))
    expect((await getMe()).data).toEqual({ name: 'Alice' })
    expect([atApi(), phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('If there is no new JWT access token after a refusal, the request rejects with the reason', async () => {
    refuse('jwt-1')
    await client.accessToken()
    answer(ENDPOINT, 503, { code: 'store_unavailable', action: 'retry_later' })
    await expect(getMe()).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('the session of a JWT access token', () => {
  it('50 requests after the end of the session share one login and one JWT access token', async () => {
    await client.login()
    await phone.endStoredSession()
    await getMeOften()
    expect(atApi()).toEqual(Array(50).fill('jwt-1'))
    expect([fetches(), phone.logins]).toEqual([2, 2])
  })

  it('If the server refuses the session of a new login as well, requests to hosts reject with session_invalid', async () => {
    answer(ENDPOINT, 401, REFUSED)
    await expect(getMe()).rejects.toMatchObject({ ...REFUSED, statusCode: 401 })
    expect([atApi(), fetches(), phone.logins]).toEqual([[], 2, 2])
  })

  it('After a login as somebody else, the JWT access token of the old user is not sent', async () => {
    await getMe()
    phone.user = 'bob'
    await client.login()
    await getMe()
    expect(atApi()).toEqual(['jwt-1', 'jwt-2'])
  })

  it('A JWT access token that comes after a login as somebody else is not sent', async () => {
    await client.login()
    const ofAlice = holdAnswer(ENDPOINT)
    const early = getMe()
    await ofAlice.arrived
    phone.user = 'bob'
    await client.login()
    const ofBob = holdAnswer(ENDPOINT)
    const own = getMe()
    await ofBob.arrived
    ofAlice.release()
    // Until the early request waits for the second one as well.
    await new Promise((resolve) => setTimeout(resolve))
    ofBob.release()
    await Promise.all([early, own])
    expect([atApi(), fetches(), phone.logins]).toEqual([['jwt-2', 'jwt-2'], 2, 2])
  })

  it('logout() forgets the JWT access token', async () => {
    await getMe()
    await client.logout()
    await getMe({ login: false })
    await getMe()
    expect(atApi()).toEqual(['jwt-1', undefined, 'jwt-2'])
  })

  it.each([true, false])(
    'A JWT access token that comes after logout() is not sent, and nobody logs in: login %s',
    async (login) => {
      await client.login()
      const { arrived, release } = holdAnswer(ENDPOINT)
      const early = getMe({ login }).catch(({ code, action }) => ({ code, action }))
      await arrived
      await client.logout()
      release()
      expect(await early).toMatchObject(login ? REFUSED : { statusCode: 200 })
      expect([atApi(), phone.logins]).toEqual([login ? [] : [undefined], 1])
      await getMe()
      expect([atApi().at(-1), phone.logins]).toEqual(['jwt-2', 2])
    },
  )

  it('A refusal after logout() is the answer, and nobody logs in', async () => {
    refuse('jwt-1')
    const { arrived, release } = holdAnswer(`${API}/me`)
    const early = getMe()
    await arrived
    await client.logout()
    release()
    expect((await early).statusCode).toBe(401)
    expect([fetches(), phone.logins]).toEqual([1, 1])
  })
})

describe('request({ login: false }) with JWT access tokens', () => {
  const getPublic = () => getMe({ login: false })

  it('request({ login: false }) sends no JWT access token without a session', async () => {
    await getPublic()
    expect([atApi(), fetches(), phone.logins]).toEqual([[undefined], 0, 0])
  })

  it('request({ login: false }) sends the JWT access token of a session, and another one after a refusal', async () => {
    refuse('jwt-1')
    await client.login()
    expect((await getPublic()).statusCode).toBe(200)
    expect([atApi(), phone.logins]).toEqual([['jwt-1', 'jwt-2'], 1])
  })

  it('request({ login: false }) sends no JWT access token after the end of the session', async () => {
    await client.login()
    await phone.endStoredSession()
    expect((await getPublic()).statusCode).toBe(200)
    expect([atApi(), phone.logins]).toEqual([[undefined], 1])
  })

  it('For request({ login: false }) a refusal after the end of the session is the answer', async () => {
    refuse('jwt-1')
    await client.accessToken()
    await phone.endStoredSession()
    expect((await getPublic()).statusCode).toBe(401)
    expect([atApi(), phone.logins]).toEqual([['jwt-1'], 1])
  })
})
