import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

const SCOPE = 'scope.werun'

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
})
afterEach(() => reset())

describe('authorize()', () => {
  it('authorize() returns granted without asking if the scope was granted before', async () => {
    phone.authSetting[SCOPE] = true
    phone.failing.set('authorize', { errMsg: 'authorize:fail' })
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it('authorize() asks for a scope that the user has never decided on', async () => {
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it('authorize() asks if wx.getSetting returns nothing', async () => {
    const wx = {
      ...phone.wx,
      getSetting: ({ success }: { success?: unknown }) => Object(success)(),
    }
    client = createClient({ baseUrl: BASE_URL, wx: wx as typeof phone.wx })
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it.each(['authorize:fail auth deny', 'authorize:fail auth denied', 'authorize:fail cancel'])(
    'authorize() returns denied for “%s”',
    async (errMsg) => {
      phone.failing.set('authorize', { errMsg })
      expect(await client.authorize(SCOPE)).toBe('denied')
    },
  )

  it.each([103, 104])('authorize() returns denied for errno %i', async (errno) => {
    phone.failing.set('authorize', { errMsg: 'authorize:fail', errno })
    expect(await client.authorize(SCOPE)).toBe('denied')
  })

  it.each([
    { errMsg: 'authorize:fail invalid scope' },
    { errMsg: 'authorize:fail system error' },
    { errMsg: 'authorize:fail api scope is not declared', errno: 112 },
  ])('authorize() rejects with wx_failed if WeChat did not ask the user: %o', async (failure) => {
    phone.failing.set('authorize', failure)
    await expect(client.authorize(SCOPE)).rejects.toMatchObject({ code: 'wx_failed', ...failure })
  })

  it('authorize() opens the settings for a scope that was denied before', async () => {
    phone.authSetting[SCOPE] = false
    expect(await client.authorize(SCOPE)).toBe('denied')
    phone.wx.openSetting = ({ success }) => success?.({ authSetting: { [SCOPE]: true } })
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it('authorize() returns needs-settings if the settings cannot be opened', async () => {
    phone.authSetting[SCOPE] = false
    const errMsg = 'openSetting:fail can only be invoked by user TAP gesture.'
    phone.failing.set('openSetting', { errMsg })
    expect(await client.authorize(SCOPE)).toBe('needs-settings')
  })

  it('authorize() rejects with wx_failed if the settings cannot be read', async () => {
    phone.failing.set('getSetting', { errMsg: 'getSetting:fail' })
    await expect(client.authorize(SCOPE)).rejects.toMatchObject({ code: 'wx_failed' })
  })
})
