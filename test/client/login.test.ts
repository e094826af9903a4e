import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, createClient, type Session } from '../../src/client'
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

const session = () => client.request({ url: '/session' })
const statuses = async (requests: Promise<{ statusCode: number }>[]) =>
  (await Promise.all(requests)).map(({ statusCode }) => statusCode)
const many = <Value>(make: () => Value): Value[] => Array.from({ length: 50 }, make)

/** Ends the session behind the client's back. */
async function revoke(): Promise<void> {
  const { token } = phone.storage.get('code2session') as Session
  await phone.world.send('DELETE', '/session', { token })
}

describe('login()', () => {
  it('gives a session and keeps it in storage', async () => {
    const { token, userId, expiresAt } = await client.login()
    expect(token.slice(0, 43)).toBe(userId)
    expect(expiresAt).toBeGreaterThan(Date.now())
    expect(phone.storage.get('code2session')).toEqual({ token, userId, expiresAt })
  })

  it('is one login for all who call it at the same time', async () => {
    const sessions = await Promise.all(many(() => client.login()))
    expect(new Set(sessions.map(({ token }) => token)).size).toBe(1)
    expect(phone.logins).toBe(1)
  })

  it('carries the session it replaces, so that the server ends it', async () => {
    const { token } = await client.login()
    await client.login()
    expect((await phone.world.send('GET', '/session', { token })).status).toBe(401)
  })

  it('names its mini program where it was told to', async () => {
    client = createClient({ baseUrl: `${BASE_URL}/`, wx: phone.wx, appid: 'wx4f4bc4dec97d474b' })
    await client.login()
    expect(phone.requests[0]).toMatchObject({
      url: `${BASE_URL}/login`,
      data: { appid: 'wx4f4bc4dec97d474b' },
    })
  })

  it.each([40163, 40029])('tries once more with a fresh code after %i', async (errcode) => {
    await phone.world.phone('fail', { errcode })
    await client.login()
    expect(phone.logins).toBe(2)
  })

  it.each([40163, 40029])('does not try a third time after %i', async (errcode) => {
    await phone.world.phone('fail', { errcode, times: 5 })
    await expect(client.login()).rejects.toMatchObject({ action: 'login_again', errcode })
    expect(phone.logins).toBe(2)
  })

  it('waits as long as the server says, once, where it says retry_later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    await phone.world.phone('fail', { errcode: 45011 })
    const login = client.login()
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(2))
    await vi.advanceTimersByTimeAsync(59_000)
    expect(phone.logins).toBe(1)
    await vi.advanceTimersByTimeAsync(1_000)
    await expect(login).resolves.toHaveProperty('token')
    expect(phone.logins).toBe(2)
  })

  it('waits for nobody who wants more than a minute', async () => {
    await phone.world.phone('fail', { errcode: 45009 })
    await expect(client.login()).rejects.toMatchObject({
      code: 'wechat_quota',
      action: 'retry_later',
      retryAfter: 3600,
    })
    expect(phone.logins).toBe(1)
  })

  it.each([40226, 40125])('never loops on stop: %i', async (errcode) => {
    await phone.world.phone('fail', { errcode })
    await expect(client.login()).rejects.toMatchObject({ action: 'stop', errcode })
    expect(phone.logins).toBe(1)
  })

  it('that fails rejects all who wait for it, and the next call starts afresh', async () => {
    phone.failing.set('login', { errMsg: 'login:fail system error', errno: 600001 })
    const failures = await Promise.allSettled(many(session))
    expect(failures.every(({ status }) => status === 'rejected')).toBe(true)
    expect(phone.logins).toBe(1)
    await expect(session()).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'wx_login_failed',
      errMsg: 'login:fail system error',
      errno: 600001,
    })
    phone.failing.clear()
    expect((await session()).statusCode).toBe(200)
  })

  it('ends in an error when wx.login calls neither back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const wx = { ...phone.wx, login: () => {} }
    client = createClient({ baseUrl: BASE_URL, wx, loginTimeout: 3000 })
    const login = expect(client.login()).rejects.toMatchObject({
      code: 'wx_login_failed',
      errMsg: 'login:fail timeout',
    })
    await vi.advanceTimersByTimeAsync(3000)
    await login
  })

  it('tells a network that fails from a server that refuses', async () => {
    phone.failing.set('request', { errMsg: 'request:fail timeout', errno: 5 })
    await expect(client.login()).rejects.toMatchObject({
      code: 'network_error',
      action: 'retry_later',
      errMsg: 'request:fail timeout',
      errno: 5,
    })
    expect(phone.logins).toBe(1)
  })

  it('takes no other page for a login', async () => {
    for (const data of ['<html>hotel wifi</html>', {}, null]) {
      phone.answers.set(`${BASE_URL}/login`, () => ({ statusCode: 200, data, header: {} }))
      await expect(client.login()).rejects.toMatchObject({ code: 'answer_invalid' })
    }
    phone.answers.set(`${BASE_URL}/login`, () => ({ statusCode: 502, data: '<html>', header: {} }))
    await expect(client.login()).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 502 })
  })
})

describe('request()', () => {
  it('logs in by itself: 50 requests at a cold start are one wx.login', async () => {
    expect(await statuses(many(session))).toEqual(Array(50).fill(200))
    expect(phone.logins).toBe(1)
  })

  it('logs in again by itself: 50 requests after a revocation are one wx.login', async () => {
    await client.login()
    await revoke()
    expect(await statuses(many(session))).toEqual(Array(50).fill(200))
    expect(phone.logins).toBe(2)
  })

  it('replays with the new token, and without a login, what fails late under the old one', async () => {
    await client.login()
    await revoke()
    const late = Promise.withResolvers<void>()
    const request = phone.wx.request
    phone.wx.request = (options) =>
      options.url.endsWith('?late')
        ? void late.promise.then(() => request(options))
        : request(options)
    const slow = client.request({ url: '/session?late' })
    await session()
    late.resolve()
    expect((await slow).statusCode).toBe(200)
    expect(phone.logins).toBe(2)
  })

  it('gives a 401 that never heals to the caller after one replay', async () => {
    const url = `${API}/orders`
    phone.answers.set(url, () => ({ statusCode: 401, data: 'no', header: {} }))
    expect((await client.request({ url })).statusCode).toBe(401)
    expect(phone.requests.filter((request) => request.url === url)).toHaveLength(2)
    expect(phone.logins).toBe(2)
  })

  it('takes an answer of status 200 for a 401 where it was told how', async () => {
    const url = `${API}/orders`
    const loginWhen = ({ data }: { data: unknown }) => Object(data).errno === 'NOT_LOGGED_IN'
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [API], loginWhen })
    const answers = [{ errno: 'NOT_LOGGED_IN' }, { orders: 3 }]
    phone.answers.set(url, () => ({ statusCode: 200, data: answers.shift(), header: {} }))
    expect((await client.request({ url })).data).toEqual({ orders: 3 })
    expect(phone.logins).toBe(2)
  })

  it('sends the token to the server and to the hosts configured, and to no others', async () => {
    const urls = [
      `${BASE_URL}/session`,
      `${API}/orders`,
      'https://api.example.evil/x',
      'https://api.example:444/x',
      'http://api.example/x',
      'https://api.example@evil.example/x',
      'https://evil.example/?https://api.example/',
    ]
    const { token } = await client.login()
    phone.requests.length = 0
    for (const url of urls) await client.request({ url, header: { 'X-Mine': '1' } })
    const sent = phone.requests.map(({ header }) => header?.Authorization)
    expect(sent).toEqual([`Bearer ${token}`, `Bearer ${token}`, ...Array(5).fill(undefined)])
    expect(phone.requests.every(({ header }) => header?.['X-Mine'] === '1')).toBe(true)
  })

  it('takes hosts with and without a scheme, in any case', async () => {
    const hosts = ['API.example', 'https://other.example:8443/path']
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts })
    await client.request({ url: 'https://api.example/x' })
    await client.request({ url: 'https://other.example:8443/y' })
    expect(phone.requests.slice(1).every(({ header }) => header?.Authorization)).toBe(true)
  })

  it('does not send a token past its end', async () => {
    await client.login()
    const kept = phone.storage.get('code2session') as Session
    phone.storage.set('code2session', { ...kept, expiresAt: Date.now() - 1 })
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
    expect((await session()).statusCode).toBe(200)
    expect(phone.requests.some(({ header }) => header?.Authorization?.includes(kept.token))).toBe(
      false,
    )
  })

  it('finds the session in storage after a restart', async () => {
    await client.login()
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
    expect((await session()).statusCode).toBe(200)
    expect(phone.logins).toBe(1)
  })

  it('keeps another session under another key', async () => {
    await client.login()
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, storageKey: 'other' })
    await session()
    expect([...phone.storage.keys()]).toEqual(['code2session', 'other'])
  })

  it('does without storage that throws, and with anything else in it', async () => {
    for (const name of ['getStorageSync', 'setStorageSync', 'removeStorageSync']) {
      phone.failing.set(name, { errMsg: 'fail' })
    }
    expect(await statuses([session(), session()])).toEqual([200, 200])
    await client.logout()
    expect((await session()).statusCode).toBe(200)
    expect(phone.logins).toBe(2)
    phone.failing.clear()
    for (const value of ['text', 7, null, { token: 1 }, []]) {
      phone.storage.set('code2session', value)
      client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
      expect((await session()).statusCode).toBe(200)
    }
  })
})

describe('the end of a session', () => {
  it('logout() ends it on the server and on the phone', async () => {
    const { token } = await client.login()
    await client.logout()
    expect(phone.storage.size).toBe(0)
    expect((await phone.world.send('GET', '/session', { token })).status).toBe(401)
  })

  it('logout() of a session that has ended, or of none, is no error and no login', async () => {
    await client.logout()
    await client.login()
    await revoke()
    await client.logout()
    expect(phone.logins).toBe(1)
  })

  it('logout() without a network forgets the session and says so', async () => {
    await client.login()
    phone.failing.set('request', { errMsg: 'request:fail' })
    await expect(client.logout()).rejects.toMatchObject({ code: 'network_error' })
    expect(phone.storage.size).toBe(0)
  })

  it('logoutEverywhere() ends the sessions of all devices', async () => {
    const other = await phone.world.login()
    await client.logoutEverywhere()
    expect(phone.storage.size).toBe(0)
    expect((await phone.world.send('GET', '/session', { token: other.token })).status).toBe(401)
  })

  it('sessions() lists the devices, and endSession() ends one', async () => {
    const other = await phone.world.login()
    await client.login()
    const devices = await client.sessions()
    expect(devices.map(({ current }) => current).sort()).toEqual([false, true])
    await client.endSession(devices.find(({ current }) => !current)?.id ?? '')
    expect(await client.sessions()).toHaveLength(1)
    expect((await phone.world.send('GET', '/session', { token: other.token })).status).toBe(401)
    await expect(client.endSession('nobody')).rejects.toMatchObject({ code: 'not_found' })
  })
})
