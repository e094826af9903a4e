import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client'
import { createPhone, type Phone } from '../support/phone'

const CLOUD = { env: 'prod-0a1b2c3d', service: 'code2session' }

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ cloud: CLOUD, wx: phone.wx, hosts: ['https://api.example'] })
})
afterEach(() => reset())

describe('a client with cloud', () => {
  it('A login and a request go over callContainer, with the service, the environment and the token', async () => {
    const { data } = await client.request({ url: '/session', timeout: 5000 })
    expect(data.userId).toMatch(/^[\w-]{43}$/)
    expect(phone.requests).toEqual([])
    const [login, session] = phone.containerCalls
    expect(login).toMatchObject({ path: '/login', method: 'POST', config: { env: CLOUD.env } })
    expect(session).toMatchObject({
      path: '/session',
      timeout: 5000,
      header: { 'X-WX-SERVICE': 'code2session', Authorization: expect.stringMatching(/^Bearer /) },
    })
  })

  it('wx.cloud.init is called once, before the first call', async () => {
    expect(phone.inits).toEqual([])
    await client.request({ url: '/session' })
    await client.sessions()
    expect(phone.inits).toEqual([{ env: CLOUD.env }])
  })

  it('A session that has ended is renewed, and the request is repeated once', async () => {
    await client.login()
    await phone.endStoredSession()
    const { statusCode } = await client.request({ url: '/session' })
    expect(statusCode).toBe(200)
    expect(phone.containerCalls.map(({ path }) => path)).toEqual([
      '/login',
      '/session',
      '/login',
      '/session',
    ])
  })

  it('hosts get the token over wx.request, and other hosts get none', async () => {
    await client.request({ url: 'https://api.example/me' })
    await client.request({ url: 'https://other.example/me' })
    expect(phone.requests.map(({ url, header }) => [url, Boolean(header?.Authorization)])).toEqual([
      ['https://api.example/me', true],
      ['https://other.example/me', false],
    ])
  })

  it('logout() ends the session on the server', async () => {
    const { token } = await client.login()
    await client.logout()
    expect(await phone.fetchStatus(token)).toBe(401)
  })

  it.each([
    [{ errCode: 102002 }, 'network_error', 'retry_later', /102002|fail/],
    [{}, 'network_error', 'retry_later', /fail/],
    [{ errCode: 102005 }, 'wx_failed', 'fix_request', /GET, POST, PUT and DELETE/],
    [{ errMsg: 'fail 1102005 1020051' }, 'network_error', 'retry_later', /^fail/],
    [{ errCode: -501000 }, 'wx_failed', 'fix_request', /env, service and the path/],
    [{ errCode: -606001 }, 'wx_failed', 'fix_request', /100 KB/],
    [{ errCode: -606003 }, 'wx_failed', 'fix_request', /overdue/],
    [
      { errMsg: 'cloud.callContainer:fail Error: errCode: -606001' },
      'wx_failed',
      'fix_request',
      /100 KB/,
    ],
  ])('A failure %j of callContainer is %s, %s', async (failure, code, action, message) => {
    await client.login()
    phone.failing.set('callContainer', { errMsg: 'cloud.callContainer:fail', ...failure })
    await expect(client.request({ url: '/session' })).rejects.toMatchObject({
      code,
      action,
      message: expect.stringMatching(message),
    })
  })

  it.each([
    [{ cloud: CLOUD, baseUrl: 'https://login.example' }, 'exclude each other'],
    [{ cloud: { env: CLOUD.env } }, 'cloud must be like'],
    [{ cloud: {} }, 'cloud must be like'],
  ])('createClient(%j) says: %s', (options, message) => {
    expect(() => Reflect.apply(createClient, undefined, [options])).toThrow(message)
  })

  it('A wx without cloud is named', async () => {
    const { cloud, ...old } = phone.wx
    const oldClient = createClient({ cloud: CLOUD, wx: old })
    await expect(oldClient.sessions()).rejects.toMatchObject({
      errMsg: expect.stringContaining('wx.cloud does not exist'),
    })
  })
})
