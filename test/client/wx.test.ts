/** What goes wrong between a phone, its wx and its network. */

import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, createClient, type Session, type Wx, type WxOpenData } from '../../src/client'
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

const statusOf = async (token: string) =>
  (await phone.world.send('GET', '/session', { token })).status

describe('logout()', () => {
  it('during a login also ends what the login brings', async () => {
    const login = client.login()
    await client.logout()
    expect(phone.storage.size).toBe(0)
    expect(await statusOf((await login).token)).toBe(401)
  })

  it('is not undone by a request that was under way', async () => {
    await client.login()
    const answered = Promise.withResolvers<void>()
    const request = phone.wx.request
    phone.wx.request = (options) =>
      options.url.endsWith('?slow')
        ? void answered.promise.then(() => request(options))
        : request(options)
    const slow = client.request({ url: '/session?slow' })
    await client.logout()
    answered.resolve()
    expect((await slow).statusCode).toBe(401)
    expect([phone.logins, phone.storage.size]).toEqual([1, 0])
  })
})

describe('a server that asks for patience', () => {
  it('is waited for once, and not once more for the request that needed the login', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    phone.answers.set(`${BASE_URL}/login`, () => ({
      statusCode: 429,
      data: { code: 'rate_limited', action: 'retry_later' },
      header: { 'Retry-After': '1' },
    }))
    const failed = expect(client.sessions()).rejects.toMatchObject({ code: 'rate_limited' })
    await vi.advanceTimersByTimeAsync(10_000)
    await failed
    expect(phone.logins).toBe(2)
  })
})

describe('a wx that fails in a way of its own', () => {
  const failing = (other: Partial<Wx>) =>
    createClient({ baseUrl: BASE_URL, wx: { ...phone.wx, ...other } })
  const boom = () => {
    throw new Error('boom')
  }

  it('by throwing, gives our error all the same', async () => {
    await expect(failing({ login: boom }).login()).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'wx_login_failed',
      errMsg: 'boom',
    })
    await expect(failing({ request: boom }).login()).rejects.toMatchObject({
      code: 'network_error',
    })
  })

  it('by succeeding with nothing, gives our error all the same', async () => {
    for (const result of [undefined, {}, { code: '' }]) {
      const login: Wx['login'] = ({ success }) => success?.(result as { code: string })
      await expect(failing({ login }).login()).rejects.toMatchObject({ code: 'wx_login_failed' })
    }
    const getSetting: Wx['getSetting'] = ({ success }) => success?.({} as { authSetting: object })
    expect(await failing({ getSetting }).authorize('scope.werun')).toBe('granted')
  })

  it('by failing with nothing, gives our error all the same', async () => {
    const login: Wx['login'] = ({ fail }) => fail?.(null as unknown as { errMsg: string })
    await expect(failing({ login }).login()).rejects.toMatchObject({ code: 'wx_login_failed' })
  })

  it("as Taro's does, with a promise beside the callbacks, is heard once", async () => {
    const login = (options: Parameters<Wx['login']>[0]) => {
      options.fail?.({ errMsg: 'login:fail' })
      return Promise.reject({ errMsg: 'login:fail' })
    }
    await expect(failing({ login }).login()).rejects.toMatchObject({ errMsg: 'login:fail' })
    const onlyPromise = () => phone.world.phone<{ code: string }>('wx.login')
    expect(await failing({ login: onlyPromise }).login()).toHaveProperty('token')
  })

  it('by never answering wx.checkSession, is answered by a login', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const silent = failing({ checkSession: () => undefined })
    const ready = silent.ready()
    await vi.waitFor(() => expect(phone.logins).toBe(1))
    await vi.advanceTimersByTimeAsync(5000)
    await ready
    expect(phone.logins).toBe(2)
  })

  it('in fetchData, gives our error with its words', async () => {
    const refused = { errMsg: 'getShareInfo:fail', errno: 7 }
    for (const failure of [refused, undefined, new Error('no')]) {
      const fetchData = () => Promise.reject(failure)
      await expect(client.openData(fetchData)).rejects.toMatchObject({
        name: 'Code2SessionError',
        code: 'wx_failed',
      })
    }
    await expect(client.openData(() => Promise.reject(refused))).rejects.toMatchObject(refused)
    const nothing = () => Promise.resolve(undefined as unknown as WxOpenData)
    await expect(client.openData(nothing)).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('in e.detail, gives our error', async () => {
    const nothing = undefined as unknown as object
    await expect(client.phoneNumber(nothing)).rejects.toMatchObject({ code: 'wx_failed' })
  })
})

describe('an answer that is not the server’s', () => {
  it('is no success, whatever its status', async () => {
    await client.login()
    for (const data of ['<html>', '', null]) {
      phone.answers.set(`${BASE_URL}/sessions`, () => ({ statusCode: 200, data, header: {} }))
      await expect(client.sessions()).rejects.toMatchObject({
        code: 'answer_invalid',
        action: 'stop',
      })
    }
    phone.answers.set(`${BASE_URL}/sessions`, () => ({
      statusCode: 502,
      data: '<html>',
      header: {},
    }))
    await expect(client.sessions()).rejects.toMatchObject({
      code: 'answer_invalid',
      action: 'retry_later',
    })
  })
})

describe('open data asked for at once', () => {
  it('under a stale key needs one login for all', async () => {
    await client.login()
    await phone.world.phone('rotate')
    await Promise.all([client.userInfo(), client.weRun(), client.userInfo()])
    expect(phone.logins).toBe(2)
  })
})

describe('authorize()', () => {
  it.each(['authorize:fail invalid scope', 'authorize:fail system error'])(
    'does not call it denied when nobody was asked: %s',
    async (errMsg) => {
      phone.failing.set('authorize', { errMsg })
      await expect(client.authorize('scope.werun')).rejects.toMatchObject({ errMsg })
    },
  )

  it.each(['authorize:fail auth deny', 'authorize:fail auth denied', 'authorize:fail cancel'])(
    'calls it denied when the user said so: %s',
    async (errMsg) => {
      phone.failing.set('authorize', { errMsg })
      expect(await client.authorize('scope.werun')).toBe('denied')
    },
  )
})

describe('the token', () => {
  it('goes to a host named with its default port or with spaces, and to no nameless one', async () => {
    client = createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: [' api.example:443 '] })
    await client.login()
    phone.requests.length = 0
    for (const url of ['https://api.example/x', 'https://api.example:443/x']) {
      await client.request({ url })
    }
    expect(phone.requests.every(({ header }) => header?.Authorization)).toBe(true)
    for (const url of ['login.example/x', 'https:///evil.example', 'ftp://login.example/x']) {
      await client.request({ url })
      expect(phone.requests.at(-1)?.header?.Authorization).toBeUndefined()
    }
    for (const hosts of [[''], ['//api.example'], ['https://']]) {
      expect(() => createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts })).toThrow('https://')
    }
  })

  it('replaces an authorization header of the caller, in any case', async () => {
    const { token } = (await client.login()) as Session
    await client.request({ url: '/session', header: { authorization: 'Bearer mine' } })
    expect(phone.requests.at(-1)?.header).toEqual({ Authorization: `Bearer ${token}` })
  })
})
