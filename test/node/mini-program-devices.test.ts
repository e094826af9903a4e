/** The devices page of the example mini program, with the server of `npm run dev` over HTTP. */

import { describe, expect, it } from 'vitest'
import { send } from '../support/environment'
import { useMiniProgram } from '../support/use-mini-program'

const app = useMiniProgram()

describe('the devices page', () => {
  it('the devices page lists all sessions, and its own without an end button', async () => {
    await app.server.logInElsewhere()
    const page = await app.miniProgram.show('devices')
    expect(page.texts('.device')).toHaveLength(2)
    expect(page.texts('.device .title').sort()).toEqual(['iPhone（本机）', '未知设备'])
    expect(page.texts('.end')).toHaveLength(1)
  })

  it('the devices page ends another session and keeps its own', async () => {
    const other = await app.server.logInElsewhere()
    const page = await app.miniProgram.show('devices')
    await page.tap('.end')
    expect(page.texts('.device')).toHaveLength(1)
    expect(await app.server.fetchStatus(other)).toBe(401)
    expect(await app.server.fetchStatus(app.phone.storedToken())).toBe(200)
  })

  it('ending a session that is already gone shows not_found', async () => {
    const other = await app.server.logInElsewhere()
    const page = await app.miniProgram.show('devices')
    await send(app.server.url, 'DELETE', '/session', { token: other })
    await page.tap('.end')
    expect(page.text('.detail')).toContain('not_found')
    expect(page.has('.next')).toBe(false)
  })

  it('after a log-out no page logs in until the user does', async () => {
    const devices = await app.miniProgram.show('devices')
    const token = app.phone.storedToken()
    await devices.tap('.log-out')
    expect(await app.server.fetchStatus(token)).toBe(401)
    expect(devices.has('.logged-out')).toBe(true)

    const login = await app.miniProgram.show('login')
    const profile = await app.miniProgram.show('profile')
    await app.miniProgram.show('devices')
    expect(login.has('.user-id')).toBe(false)
    expect(profile.has('.logged-out')).toBe(true)
    expect(profile.has('.phone')).toBe(false)
    expect(app.phone.state.logins).toBe(1)

    await devices.tap('.log-in')
    expect(devices.texts('.device')).toHaveLength(1)
    expect((await app.miniProgram.show('profile')).has('.phone')).toBe(true)
    expect((await app.miniProgram.show('login')).has('.user-id')).toBe(true)
    expect(app.phone.state.logins).toBe(2)
  })

  it('a log-out without a network removes the session from the phone', async () => {
    const page = await app.miniProgram.show('devices')
    app.phone.state.isOffline = true
    await page.tap('.log-out')
    expect(page.has('.logged-out')).toBe(true)
    expect(page.text('.detail')).toContain('network_error')
    expect(app.phone.wx.getStorageSync('code2session')).toBe('')
  })

  it('a log-out everywhere ends the sessions of all phones', async () => {
    const other = await app.server.logInElsewhere()
    const page = await app.miniProgram.show('devices')
    const token = app.phone.storedToken()
    await page.tap('.log-out-everywhere')
    expect(page.has('.logged-out')).toBe(true)
    expect([await app.server.fetchStatus(token), await app.server.fetchStatus(other)]).toEqual([
      401, 401,
    ])
  })
})
