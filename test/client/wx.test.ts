/** The client with every kind of `wx`: one that misbehaves, a mini game's, single-page mode's. */

import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient, type Wx } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let phone: Phone
beforeEach(() => {
  phone = createPhone()
})
afterEach(() => reset())

const createWith = (functions: Partial<Wx>) =>
  createClient({ baseUrl: BASE_URL, wx: { ...phone.wx, ...functions } })

describe('a wx that misbehaves', () => {
  const boom = () => {
    throw new Error('boom')
  }

  it('login() rejects with wx_login_failed if wx.login throws', async () => {
    await expect(createWith({ login: boom }).login()).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'wx_login_failed',
      errMsg: 'boom',
    })
  })

  it('login() rejects with network_error if wx.request throws', async () => {
    const login = createWith({ request: boom }).login()
    await expect(login).rejects.toMatchObject({ code: 'network_error' })
  })

  it.each([undefined, {}, { code: '' }, { code: 7 }])(
    'login() rejects with wx_login_failed if wx.login succeeds with %j',
    async (result) => {
      const login: Wx['login'] = ({ success }) => success?.(result as { code: string })
      const rejected = createWith({ login }).login()
      await expect(rejected).rejects.toMatchObject({ code: 'wx_login_failed' })
    },
  )

  it('login() rejects with wx_login_failed if wx.login fails with null', async () => {
    const login: Wx['login'] = ({ fail }) => fail?.(null as unknown as { errMsg: string })
    const rejected = createWith({ login }).login()
    await expect(rejected).rejects.toMatchObject({ code: 'wx_login_failed', errMsg: 'fail' })
  })

  it('login() handles the rejection of a promise that wx.login returns beside its callbacks', async () => {
    const login = (options: Parameters<Wx['login']>[0]) => {
      options.fail?.({ errMsg: 'login:fail' })
      return Promise.reject({ errMsg: 'login:fail' })
    }
    await expect(createWith({ login }).login()).rejects.toMatchObject({ errMsg: 'login:fail' })
  })

  it('login() takes the code from a promise if wx.login calls nothing back', async () => {
    const login = () => phone.press<{ code: string }>('wx.login')
    expect(await createWith({ login }).login()).toHaveProperty('token')
  })
})

describe('a wx.request that fails', () => {
  const DOMAIN = `Add ${BASE_URL} to the request domains (request 合法域名) of the mini program`
  const CERTIFICATE = `WeChat does not accept the certificate of ${BASE_URL}`
  const ADDRESS = 'WeChat does not accept the URL'

  it.each([
    ['request:fail url not in domain list:login.example', 600002, DOMAIN],
    ['request:fail', 600002, DOMAIN],
    ['https://login.example 不在以下 request 合法域名列表中', undefined, DOMAIN],
    ['request:fail ssl hand shake error', undefined, CERTIFICATE],
    ['request:fail net::ERR_CERT_DATE_INVALID', 600001, CERTIFICATE],
    ['request:fail 发生了SSL错误，无法建立与该服务器的安全连接。', undefined, CERTIFICATE],
    ['request:fail 对应的服务器证书无效。', undefined, CERTIFICATE],
    ['request:fail invalid url "https//login.example"', undefined, ADDRESS],
    ['request:fail net::ERR_INVALID_URL', undefined, ADDRESS],
    ['request:fail', 600009, ADDRESS],
  ])(
    'login() says what to do after %j with errno %j, which lasts',
    async (errMsg, errno, advice) => {
      phone.failing.set('request', { errMsg, ...(errno && { errno }) })
      await expect(createWith({}).login()).rejects.toMatchObject({
        code: 'network_error',
        action: 'fix_request',
        message: expect.stringContaining(advice),
        errMsg,
      })
      expect([phone.logins, phone.requests.length]).toEqual([1, 1])
    },
  )

  it.each([
    ['request:fail timeout', 5],
    ['request:fail net::ERR_INTERNET_DISCONNECTED', 600001],
    ['request:fail net::ERR_NAME_NOT_RESOLVED', 600001],
    ['request:fail interrupted', 600003],
    ['request:fail abort', undefined],
    ['request:fail of 1600002000 and 1600009000', 5],
  ])('login() asks for another attempt after %j, which may pass', async (errMsg, errno) => {
    phone.failing.set('request', { errMsg, ...(errno && { errno }) })
    await expect(createWith({}).login()).rejects.toMatchObject({
      code: 'network_error',
      action: 'retry_later',
      message: errMsg,
    })
  })
})

describe('a wx that does not parse JSON', () => {
  const API = 'https://api.example'

  /** A `wx` that gives every body as its text, as some phones do where it has a raw U+2028. */
  function createUnparsed() {
    const request: Wx['request'] = (options) =>
      phone.wx.request({
        ...options,
        success: (response) =>
          options.success?.({ ...response, data: JSON.stringify(response.data) }),
      })
    return createClient({ baseUrl: BASE_URL, hosts: [API], wx: { ...phone.wx, request } })
  }

  it('The client parses what the server answers', async () => {
    const client = createUnparsed()
    const { userId } = await client.login()
    expect((await client.request({ url: '/session' })).data).toMatchObject({ userId })
    expect((await client.request({ url: `${BASE_URL}/session` })).data).toMatchObject({ userId })
    expect((await client.weRun()).data.stepInfoList).toHaveLength(31)
    expect(await client.sessions()).toHaveLength(1)
  })

  it('The client reads code, action and errcode of a problem', async () => {
    await phone.press('fail', { errcode: 45011 })
    await expect(createUnparsed().login()).rejects.toMatchObject({
      code: 'rate_limited',
      action: 'retry_later',
      errcode: 45011,
      retryAfter: 60,
    })
  })

  it('request() leaves the text of another host, and a text that was asked for, as it is', async () => {
    const client = createUnparsed()
    const { data } = await client.request({ url: `${API}/news` })
    expect(data).toBe(JSON.stringify({ host: `${API}/news` }))
    const session = await client.request({ url: '/session', dataType: 'text' })
    expect(session.data).toMatch(/^{"userId"/)
  })

  it.each(['<html>', '{"token"', ''])(
    'login() rejects with answer_invalid if the text is %j',
    async (data) => {
      phone.answers.set(`${BASE_URL}/login`, () => ({ statusCode: 200, data, header: {} }))
      const login = createWith({}).login()
      await expect(login).rejects.toMatchObject({ code: 'answer_invalid', statusCode: 200 })
    },
  )
})

describe('a mini game', () => {
  /** What a mini game has in common with a mini program, and nothing else. */
  function createGame() {
    const { login, checkSession, request, ...others } = phone.wx
    const { getStorageSync, setStorageSync, removeStorageSync } = others
    const storage = { getStorageSync, setStorageSync, removeStorageSync }
    return createClient({ baseUrl: BASE_URL, wx: { login, checkSession, request, ...storage } })
  }

  it('A mini game logs in, sends requests, lists its sessions and logs out', async () => {
    const client = createGame()
    expect((await client.request({ url: '/session' })).statusCode).toBe(200)
    const { token } = await client.ready()
    expect(await client.sessions()).toHaveLength(1)
    await client.logout()
    expect(await phone.fetchStatus(token)).toBe(401)
    expect(phone.logins).toBe(1)
  })

  it.each([
    ['getUserInfo', (client: ReturnType<typeof createGame>) => client.userInfo()],
    ['getWeRunData', (client: ReturnType<typeof createGame>) => client.weRun()],
    ['getSetting', (client: ReturnType<typeof createGame>) => client.authorize('scope.werun')],
  ])('A mini game without wx.%s gets an error that names it', async (name, call) => {
    await expect(call(createGame())).rejects.toMatchObject({
      code: 'wx_failed',
      action: 'stop',
      errMsg: `${name}:fail wx.${name} does not exist here`,
    })
  })
})

describe('single-page mode', () => {
  /** The `wx` of a page that was opened from Moments: its storage is empty, and login fails. */
  const createSinglePage = () => {
    phone.failing.set('login', { errMsg: 'login:fail not supported in single page mode' })
    return createClient({ baseUrl: BASE_URL, wx: phone.wx, hosts: ['https://api.example'] })
  }

  it('A page opened from Moments gets public content with login: false', async () => {
    const { data } = await createSinglePage().request({
      url: 'https://api.example/news',
      login: false,
    })
    expect(data).toEqual({ host: 'https://api.example/news' })
    expect(phone.logins).toBe(0)
  })

  it('A page opened from Moments gets wx_login_failed without login: false', async () => {
    const request = createSinglePage().request({ url: 'https://api.example/news' })
    await expect(request).rejects.toMatchObject({ code: 'wx_login_failed' })
    expect(phone.requests).toEqual([])
  })
})
