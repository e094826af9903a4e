/** The devices page of the example mini program, with the server of `npm run dev` over HTTP. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/environment'
import { type MiniProgram, startMiniProgram } from '../support/mini-program'
import { type Server, startServer } from '../support/mini-program-server'
import { createWx, type Phone } from '../support/mini-program-wx'

let server: Server
let phone: Phone
let miniProgram: MiniProgram

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.close())

beforeEach(() => {
  phone = createWx(server.url)
  miniProgram = startMiniProgram(phone.wx, { baseUrl: server.url.origin, sandbox: false })
})

afterEach(() => server.endSessions())

describe('the devices page', () => {
  it('the devices page lists all sessions, and its own without an end button', async () => {
    await server.logInElsewhere()
    const page = await miniProgram.show('devices')
    expect(page.texts('.device')).toHaveLength(2)
    expect(page.texts('.device .title').sort()).toEqual(['iPhone（本机）', '未知设备'])
    expect(page.texts('.end')).toHaveLength(1)
  })

  it('the devices page ends another session and keeps its own', async () => {
    const other = await server.logInElsewhere()
    const page = await miniProgram.show('devices')
    await page.tap('.end')
    expect(page.texts('.device')).toHaveLength(1)
    expect(await server.fetchStatus(other)).toBe(401)
    expect(await server.fetchStatus(phone.storedToken())).toBe(200)
  })

  it('ending a session that is already gone shows not_found', async () => {
    const other = await server.logInElsewhere()
    const page = await miniProgram.show('devices')
    await send(server.url, 'DELETE', '/session', { token: other })
    await page.tap('.end')
    expect(page.text('.detail')).toContain('not_found')
    expect(page.has('.next')).toBe(false)
  })

  it('after a log-out no page logs in until the user does', async () => {
    const devices = await miniProgram.show('devices')
    const token = phone.storedToken()
    await devices.tap('.log-out')
    expect(await server.fetchStatus(token)).toBe(401)
    expect(devices.has('.logged-out')).toBe(true)

    const login = await miniProgram.show('login')
    const profile = await miniProgram.show('profile')
    await miniProgram.show('devices')
    expect(login.has('.user-id')).toBe(false)
    expect(profile.has('.logged-out')).toBe(true)
    expect(profile.has('.phone')).toBe(false)
    expect(phone.state.logins).toBe(1)

    await devices.tap('.log-in')
    expect(devices.texts('.device')).toHaveLength(1)
    expect((await miniProgram.show('profile')).has('.phone')).toBe(true)
    expect((await miniProgram.show('login')).has('.user-id')).toBe(true)
    expect(phone.state.logins).toBe(2)
  })

  it('a log-out without a network removes the session from the phone', async () => {
    const page = await miniProgram.show('devices')
    phone.state.isOffline = true
    await page.tap('.log-out')
    expect(page.has('.logged-out')).toBe(true)
    expect(page.text('.detail')).toContain('network_error')
    expect(phone.wx.getStorageSync('code2session')).toBe('')
  })

  it('a log-out everywhere ends the sessions of all phones', async () => {
    const other = await server.logInElsewhere()
    const page = await miniProgram.show('devices')
    const token = phone.storedToken()
    await page.tap('.log-out-everywhere')
    expect(page.has('.logged-out')).toBe(true)
    expect([await server.fetchStatus(token), await server.fetchStatus(other)]).toEqual([401, 401])
  })
})
