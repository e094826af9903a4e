import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, Code2SessionError, createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
})
afterEach(() => {
  vi.useRealTimers()
  return reset()
})

/** Makes `POST /login` refuse with a Retry-After in seconds; resolves when it has done so. */
function refuseLogins(retryAfter: number): Promise<void> {
  const refused = Promise.withResolvers<void>()
  phone.answers.set(`${BASE_URL}/login`, () => {
    refused.resolve()
    return {
      statusCode: 429,
      data: { code: 'rate_limited', action: 'retry_later' },
      header: { 'Retry-After': `${retryAfter}` },
    }
  })
  return refused.promise
}

describe('login()', () => {
  it('login() returns a session and stores it', async () => {
    const now = Date.now()
    vi.setSystemTime(now)
    const { token, userId, expiresAt } = await client.login()
    expect(token.slice(0, 43)).toBe(userId)
    expect(expiresAt).toBe(now + 604_800_000)
    expect(phone.storage.get('code2session')).toEqual({ token, userId, expiresAt })
  })

  it('50 calls of login() at the same time share one wx.login', async () => {
    const sessions = await Promise.all(Array.from({ length: 50 }, () => client.login()))
    expect(new Set(sessions.map(({ token }) => token)).size).toBe(1)
    expect(phone.logins).toBe(1)
  })

  it('login() ends the session that it replaces', async () => {
    const { token } = await client.login()
    await client.login()
    expect(await phone.fetchStatus(token)).toBe(401)
  })

  it('login() sends no Authorization without a session, and then the token of the session', async () => {
    const { token } = await client.login()
    await client.login()
    expect(phone.requests.map(({ header }) => header)).toEqual([
      {},
      { Authorization: `Bearer ${token}` },
    ])
  })

  it('login() sends the appid of the options', async () => {
    client = createClient({ baseUrl: `${BASE_URL}/`, wx: phone.wx, appid: 'wx4f4bc4dec97d474b' })
    await client.login()
    expect(phone.requests[0]).toMatchObject({
      url: `${BASE_URL}/login`,
      data: { appid: 'wx4f4bc4dec97d474b' },
    })
  })

  it.each([40163, 40029])('login() tries a second code after errcode %i', async (errcode) => {
    await phone.press('fail', { errcode })
    await client.login()
    expect(phone.logins).toBe(2)
  })

  it.each([40163, 40029])('login() tries no third code after errcode %i', async (errcode) => {
    await phone.press('fail', { errcode, times: 5 })
    await expect(client.login()).rejects.toMatchObject({ action: 'login_again', errcode })
    expect(phone.logins).toBe(2)
  })

  it.each([40226, 40125])('login() does not try again after errcode %i', async (errcode) => {
    await phone.press('fail', { errcode })
    await expect(client.login()).rejects.toMatchObject({ action: 'stop', errcode })
    expect(phone.logins).toBe(1)
  })

  it('A login that fails rejects for every caller, and the next call starts a new one', async () => {
    phone.failing.set('login', { errMsg: 'login:fail system error', errno: 600001 })
    const calls = Array.from({ length: 50 }, () => client.request({ url: '/session' }))
    const failures = await Promise.allSettled(calls)
    expect(failures.every(({ status }) => status === 'rejected')).toBe(true)
    expect(phone.logins).toBe(1)
    await expect(client.login()).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'wx_login_failed',
      errMsg: 'login:fail system error',
      errno: 600001,
    })
    phone.failing.clear()
    expect(await client.login()).toHaveProperty('token')
  })

  it('login() rejects if wx.login does not call back within loginTimeout', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const wx = { ...phone.wx, login: () => {} }
    client = createClient({ baseUrl: BASE_URL, wx, loginTimeout: 3000 })
    const login = expect(client.login()).rejects.toMatchObject({
      code: 'wx_login_failed',
      errMsg: 'login:fail timeout',
    })
    await vi.advanceTimersByTimeAsync(3000)
    await login
  })

  it('login() rejects with network_error if the request fails', async () => {
    phone.failing.set('request', { errMsg: 'request:fail timeout', errno: 5 })
    await expect(client.login()).rejects.toMatchObject({
      code: 'network_error',
      action: 'retry_later',
      errMsg: 'request:fail timeout',
      errno: 5,
    })
    expect(phone.logins).toBe(1)
  })

  it.each([
    ['a captive portal', 200, '<html>'],
    ['an empty object', 200, {}],
    ['a session without userId', 200, { token: 't', expiresIn: 60 }],
    ['a session without expiresIn', 200, { token: 't', userId: 'u' }],
    ['null', 200, null],
    ['a gateway', 502, '<html>'],
    ['an error of the server without JSON', 500, ''],
    ['a status that nobody knows', 499, ''],
    ['a gateway with a code of its own', 503, { code: 'UNAVAILABLE' }],
    ['a redirect', 302, ''],
  ])('login() rejects with answer_invalid if it gets %s', async (_, statusCode, data) => {
    phone.answers.set(`${BASE_URL}/login`, () => ({ statusCode, data, header: {} }))
    await expect(client.login()).rejects.toMatchObject({
      code: 'answer_invalid',
      message: 'answer_invalid',
      action: statusCode >= 500 ? 'retry_later' : 'stop',
      statusCode,
    })
    expect(phone.storage.size).toBe(0)
  })
})

describe('Retry-After', () => {
  it.each([undefined, '', 'Wed, 21 Oct 2026 07:28:00 GMT', '0'])(
    'retryAfter is undefined if Retry-After is %j, and login() does not wait',
    async (value) => {
      phone.answers.set(`${BASE_URL}/login`, () => ({
        statusCode: 503,
        data: { code: 'wechat_busy', action: 'retry_later' },
        header: value === undefined ? {} : { 'Retry-After': value },
      }))
      const error = await client.login().catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'wechat_busy', retryAfter: undefined })
      expect(phone.logins).toBe(1)
    },
  )

  it('login() waits for a Retry-After of 2 seconds and tries again once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const refused = refuseLogins(2)
    const login = client.login()
    await refused
    await vi.advanceTimersByTimeAsync(1999)
    expect(phone.logins).toBe(1)
    phone.answers.clear()
    await vi.advanceTimersByTimeAsync(1)
    await expect(login).resolves.toHaveProperty('token')
    expect(phone.logins).toBe(2)
  })

  it('login() waits for a Retry-After of 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const refused = refuseLogins(5)
    const login = expect(client.login()).rejects.toMatchObject({ retryAfter: 5 })
    await refused
    await vi.advanceTimersByTimeAsync(5000)
    await login
    expect(phone.logins).toBe(2)
  })

  it('login() does not wait for a Retry-After of 6 seconds', async () => {
    void refuseLogins(6)
    await expect(client.login()).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 6 })
    expect(phone.logins).toBe(1)
  })

  it.each([
    [45011, 'rate_limited', 60],
    [45009, 'wechat_quota', 3600],
  ])('login() does not wait after errcode %i', async (errcode, code, retryAfter) => {
    await phone.press('fail', { errcode })
    await expect(client.login()).rejects.toMatchObject({ code, action: 'retry_later', retryAfter })
    expect(phone.logins).toBe(1)
  })

  it('A request that needed the login does not wait a second time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    void refuseLogins(1)
    const sessions = expect(client.sessions()).rejects.toMatchObject({ code: 'rate_limited' })
    await vi.advanceTimersByTimeAsync(10_000)
    await sessions
    expect(phone.logins).toBe(2)
  })
})

describe('Code2SessionError', () => {
  it('A Code2SessionError needs no details: its message is its code then', () => {
    const error = new Code2SessionError('session_invalid', 'login_again')
    expect(error).toMatchObject({ code: 'session_invalid', action: 'login_again' })
    expect(error.message).toBe('session_invalid')
  })
})
