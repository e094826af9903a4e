import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, createClient, type Session, type WxRequestOptions } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

const API = 'https://api.example'

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [API] })
})
afterEach(() => {
  vi.useRealTimers()
  return reset()
})

const getSession = () => client.request({ url: '/session' })
const fiftyStatuses = async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, getSession))
  return answers.map(({ statusCode }) => statusCode)
}
const refuse = () => ({ statusCode: 401, data: 'no', header: {} })
const authorizations = () => phone.requests.map(({ header }) => header?.Authorization)

describe('a login on demand', () => {
  it('50 requests at a cold start share one wx.login', async () => {
    expect(await fiftyStatuses()).toEqual(Array(50).fill(200))
    expect(phone.logins).toBe(1)
  })

  it('50 requests after the end of the session share one wx.login', async () => {
    await client.login()
    await phone.endStoredSession()
    expect(await fiftyStatuses()).toEqual(Array(50).fill(200))
    expect(phone.logins).toBe(2)
  })

  it('A late 401 for an old token repeats the request with the newer token, without a login', async () => {
    await client.login()
    await phone.endStoredSession()
    const released = Promise.withResolvers<void>()
    const { request } = phone.wx
    phone.wx.request = (options) =>
      options.url.endsWith('?late')
        ? void released.promise.then(() => request(options))
        : request(options)
    const late = client.request({ url: '/session?late' })
    await getSession()
    released.resolve()
    expect((await late).statusCode).toBe(200)
    expect(phone.logins).toBe(2)
  })

  it('request() repeats a request once after 401, and then returns the 401', async () => {
    const url = `${API}/orders`
    phone.answers.set(url, refuse)
    expect((await client.request({ url })).statusCode).toBe(401)
    expect(phone.requests.filter((request) => request.url === url)).toHaveLength(2)
    expect(phone.logins).toBe(2)
  })

  it('request() logs in after an answer for which loginWhen returns true', async () => {
    const url = `${API}/orders`
    const loginWhen = ({ data }: { data: unknown }) => Object(data).errno === 'NOT_LOGGED_IN'
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [API], loginWhen })
    const answers = [{ errno: 'NOT_LOGGED_IN' }, { orders: 3 }]
    phone.answers.set(url, () => ({ statusCode: 200, data: answers.shift(), header: {} }))
    expect((await client.request({ url })).data).toEqual({ orders: 3 })
    expect(phone.logins).toBe(2)
  })
})

describe('request({ login: false })', () => {
  it('request({ login: false }) sends no token and does not log in if there is no session', async () => {
    const header = { Authorization: 'Basic mine' }
    const { statusCode } = await client.request({ url: `${API}/news`, header, login: false })
    expect([statusCode, phone.logins]).toEqual([200, 0])
    expect(authorizations()).toEqual(['Basic mine'])
    expect(phone.requests[0]).not.toHaveProperty('login')
  })

  it('request({ login: false }) sends the token if there is a session', async () => {
    const { token } = await client.login()
    expect((await client.request({ url: '/session', login: false })).statusCode).toBe(200)
    expect(authorizations().at(-1)).toBe(`Bearer ${token}`)
  })

  it('request({ login: false }) returns a 401 at once and then sends the token no more', async () => {
    const { token } = await client.login()
    phone.requests.length = 0
    phone.answers.set(`${API}/news`, refuse)
    const news = () => client.request({ url: `${API}/news`, login: false })
    expect([(await news()).statusCode, (await news()).statusCode]).toEqual([401, 401])
    expect(authorizations()).toEqual([`Bearer ${token}`, undefined])
    expect(phone.logins).toBe(1)
  })
})

describe('the hosts that get the token', () => {
  it('request() sends the token to baseUrl and hosts, and to no other URL', async () => {
    const urls = [
      `${BASE_URL}/session`,
      `${API}/orders`,
      'https://api.example.evil/x',
      'https://api.example:444/x',
      'http://api.example/x',
      'https://api.example@evil.example/x',
      'https://api.example\\@evil.example/x',
      'https://evil.example/?https://api.example/',
    ]
    const { token } = await client.login()
    phone.requests.length = 0
    for (const url of urls) await client.request({ url, header: { 'X-Mine': '1' } })
    expect(authorizations()).toEqual([
      ...Array(2).fill(`Bearer ${token}`),
      ...Array(6).fill(undefined),
    ])
    expect(phone.requests.every(({ header }) => header?.['X-Mine'] === '1')).toBe(true)
  })

  it.each([
    ['API.example', 'https://api.example/x'],
    [' api.example:443 ', 'https://api.example/x'],
    ['api.example', 'https://api.example:443/x'],
    ['https://api.example/', 'https://api.example/x'],
    ['https://api.example:8443', 'HTTPS://api.example:8443?x'],
    ['http://api.example:80', 'http://api.example/x'],
  ])('The host “%s” covers the URL %s', async (host, url) => {
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [host] })
    await client.request({ url })
    expect(authorizations().at(-1)).toMatch(/^Bearer /)
  })

  it('The token replaces an Authorization header of the caller', async () => {
    const { token } = await client.login()
    await client.request({ url: '/session', header: { authorization: 'Bearer mine' } })
    expect(phone.requests.at(-1)?.header).toEqual({ Authorization: `Bearer ${token}` })
  })

  it.each([
    'session',
    'login.example/x',
    '',
    'https:///evil.example',
    'ftp://login.example/x',
    undefined,
  ])('request({ url: %j }) rejects with url_invalid and sends nothing', async (url) => {
    await expect(client.request({ url: url as string })).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'url_invalid',
      action: 'fix_request',
      message: 'url must begin with / or be like https://a.example/path',
    })
    expect([phone.requests.length, phone.logins]).toEqual([0, 0])
  })
})

describe('redirects', () => {
  const evil = { Location: 'https://evil.example/' }

  /** A `wx` that reports the headers of this URL's answer, and its body when it is told to. */
  function answerHeaders(url: string, headers: object): (body: string) => void {
    const { request } = phone.wx
    let finish = (_: string): void => {}
    phone.wx.request = (options) => {
      if (options.url !== url) return request(options)
      finish = (data) => options.success?.({ statusCode: 201, data, header: {} })
      return { onHeadersReceived: (listener: (headers: object) => void) => listener(headers) }
    }
    return (body) => finish(body)
  }

  it('Requests with a code or a token ask wx to follow no redirect', async () => {
    await client.request({ url: '/session', redirect: 'follow' })
    await client.request({ url: `${API}/orders` })
    await client.logout()
    expect(phone.requests.map(({ redirect }) => redirect)).toEqual(Array(4).fill('manual'))
  })

  it('Requests without a token follow redirects as their caller likes', async () => {
    await client.request({ url: 'https://other.example/' })
    await client.request({ url: 'https://other.example/', redirect: 'manual' })
    await client.request({ url: `${API}/news`, login: false, redirect: 'follow' })
    const redirects = phone.requests.map(({ redirect }) => redirect)
    expect(redirects).toEqual([undefined, 'manual', 'follow'])
  })

  it.each([300, 307, 399])(
    'request() returns a redirect of status %i that wx reports only to onHeadersReceived',
    async (statusCode) => {
      answerHeaders(`${API}/orders`, { statusCode, header: evil })
      const answer = await client.request({ url: `${API}/orders` })
      expect(answer).toEqual({ statusCode, data: '', header: evil })
    },
  )

  const CREATED = { statusCode: 201, data: 'created', header: {} }
  it.each([
    [undefined, 999, CREATED],
    [undefined, 1000, { statusCode: 302, data: '', header: evil }],
    [299, 1000, CREATED],
    [400, 1000, CREATED],
  ])(
    'After headers with a Location and the status %s, and a body %i milliseconds later, request() returns %o',
    async (statusCode, milliseconds, expected) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      await client.login()
      const finish = answerHeaders(`${API}/orders`, { statusCode, header: evil })
      const answer = client.request({ url: `${API}/orders` })
      await vi.advanceTimersByTimeAsync(milliseconds)
      finish('created')
      expect(await answer).toEqual(expected)
    },
  )
})

describe('the session in storage', () => {
  const expire = () => {
    const stored = phone.storage.get('code2session') as Session
    phone.storage.set('code2session', { ...stored, expiresAt: Date.now() - 1 })
    return stored.token
  }
  const sentWith = (token: string) => (request: WxRequestOptions) =>
    request.header?.Authorization?.includes(token)

  it('A token that has expired is not sent', async () => {
    await client.login()
    const token = expire()
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
    expect((await getSession()).statusCode).toBe(200)
    expect(phone.requests.some(sentWith(token))).toBe(false)
  })

  it('A session survives a restart of the mini program', async () => {
    await client.login()
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
    expect((await getSession()).statusCode).toBe(200)
    expect(phone.logins).toBe(1)
  })

  it('Clients with different storage keys have different sessions', async () => {
    await client.login()
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, storageKey: 'other' })
    await getSession()
    expect([...phone.storage.keys()]).toEqual(['code2session', 'other'])
  })

  it('A client whose storage fails keeps the session in memory', async () => {
    for (const name of ['getStorageSync', 'setStorageSync', 'removeStorageSync']) {
      phone.failing.set(name, { errMsg: 'fail' })
    }
    await Promise.all([getSession(), getSession()])
    expect((await getSession()).statusCode).toBe(200)
    expect(phone.logins).toBe(1)
    await client.logout()
    expect((await getSession()).statusCode).toBe(200)
    expect(phone.logins).toBe(2)
  })

  it.each(['text', 7, null, { token: 1 }, []])(
    'A client logs in if storage holds %j',
    async (value) => {
      phone.storage.set('code2session', value)
      expect((await getSession()).statusCode).toBe(200)
      expect(phone.logins).toBe(1)
    },
  )
})
