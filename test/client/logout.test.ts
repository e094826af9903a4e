import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
})
afterEach(() => reset())

describe('logout()', () => {
  it('logout() ends the session on the server and on the phone', async () => {
    const { token } = await client.login()
    await client.logout()
    expect(phone.storage.size).toBe(0)
    expect(await phone.fetchStatus(token)).toBe(401)
  })

  it('logout() resolves without a login if there is no session or it has ended', async () => {
    await client.logout()
    await client.login()
    await phone.endStoredSession()
    await client.logout()
    expect(phone.logins).toBe(1)
  })

  it('logout() without a network rejects, and the phone forgets the session', async () => {
    await client.login()
    phone.failing.set('request', { errMsg: 'request:fail' })
    await expect(client.logout()).rejects.toMatchObject({ code: 'network_error' })
    expect(phone.storage.size).toBe(0)
  })

  it('logout() during a login ends the session that the login creates', async () => {
    const login = client.login()
    await client.logout()
    expect(phone.storage.size).toBe(0)
    expect(await phone.fetchStatus((await login).token)).toBe(401)
  })

  it('A request that was sent before logout() does not log in again', async () => {
    await client.login()
    const released = Promise.withResolvers<void>()
    const { request } = phone.wx
    phone.wx.request = (options) =>
      options.url.endsWith('?slow')
        ? void released.promise.then(() => request(options))
        : request(options)
    const slow = client.request({ url: '/session?slow' })
    await client.logout()
    released.resolve()
    expect((await slow).statusCode).toBe(401)
    expect([phone.logins, phone.storage.size]).toEqual([1, 0])
  })
})

describe('the sessions of a user', () => {
  it('logoutEverywhere() ends the sessions of all devices', async () => {
    const { token } = await phone.logInElsewhere()
    await client.logoutEverywhere()
    expect(phone.storage.size).toBe(0)
    expect(await phone.fetchStatus(token)).toBe(401)
  })

  it('sessions() lists the sessions of all devices, and endSession() ends one', async () => {
    const { token } = await phone.logInElsewhere()
    await client.login()
    const devices = await client.sessions()
    expect(devices.map(({ current }) => current).sort()).toEqual([false, true])
    await client.endSession(devices.find(({ current }) => !current)?.id ?? '')
    expect(await client.sessions()).toHaveLength(1)
    expect(await phone.fetchStatus(token)).toBe(401)
  })

  it('endSession() rejects with not_found if the user has no such session', async () => {
    await expect(client.endSession('nobody')).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each([
    [200, '<html>', 'stop'],
    [200, '', 'stop'],
    [200, null, 'stop'],
    [502, '<html>', 'retry_later'],
  ])(
    'sessions() rejects with answer_invalid for status %i and %j',
    async (statusCode, data, action) => {
      await client.login()
      phone.answers.set(`${BASE_URL}/sessions`, () => ({ statusCode, data, header: {} }))
      await expect(client.sessions()).rejects.toMatchObject({ code: 'answer_invalid', action })
    },
  )
})
