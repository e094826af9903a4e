/** The example mini program: its three pages, with the server of `npm run dev` over HTTP. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { APPID, send } from '../support/environment'
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

beforeEach(() => start())

afterEach(() => server.endSessions())

function start({ hasAgreed = true, sandbox = false } = {}): void {
  // A developer opens the example under their own AppID, which the sandbox does not know.
  phone = createWx(server.url, { hasAgreed, ...(sandbox && { appid: 'wx1234567890abcdef' }) })
  miniProgram = startMiniProgram(phone.wx, { baseUrl: server.url.origin, sandbox })
}

describe('the login page', () => {
  it('the login page logs in when it is shown, and says when the session ends', async () => {
    const page = await miniProgram.show('login')
    expect(page.text('.user-id')).toMatch(/^[\w-]{43}$/)
    expect(page.text('.until')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    expect(phone.state.logins).toBe(1)
    expect(page.has('.text')).toBe(false)
  })

  it('a tap on the log-in button starts a new session', async () => {
    const page = await miniProgram.show('login')
    const before = phone.storedToken()
    await page.tap('.log-in')
    expect(phone.state.logins).toBe(2)
    expect(phone.storedToken()).not.toBe(before)
  })

  it('the login page is busy during a login and not after it', async () => {
    const page = await miniProgram.show('login')
    await page.begin('.log-in')
    expect(page.data().busy).toBe(true)
    await page.settled()
    expect(page.data().busy).toBe(false)
  })

  it('the login page shows the answers of authenticated requests', async () => {
    const page = await miniProgram.show('login')
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    await page.tap('.check')
    expect(JSON.parse(page.text('.answer'))).toEqual({ valid: true })
  })

  it('a request succeeds by a new login when the session was ended elsewhere', async () => {
    const page = await miniProgram.show('login')
    await send(server.url, 'DELETE', '/session', { token: phone.storedToken() })
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    expect(page.has('.text')).toBe(false)
    expect(phone.state.logins).toBe(2)
  })

  it('a login without a network names the server, and succeeds when it is retried by a tap', async () => {
    phone.state.isOffline = true
    const page = await miniProgram.show('login')
    expect(page.text('.text')).toContain(`连不上 ${server.url.origin}`)
    expect(page.text('.detail')).toBe('network_error · 600001 · request:fail')
    expect(page.text('.next')).toBe('重试')
    phone.state.isOffline = false
    await page.tap('.next')
    expect(page.has('.text')).toBe(false)
    expect(page.has('.user-id')).toBe(true)
  })

  it.each([
    [{ errcode: 40029, times: 2 }, 'code_invalid', '五分钟', '重新登录并重试'],
    [{ fault: 'html', times: 2 }, 'wechat_unavailable', '请重新登录', '重新登录并重试'],
    [{ errcode: 45009 }, 'wechat_quota', '3600 秒后', '重试'],
    [{ errcode: 40226 }, 'user_blocked', '拒绝登录', undefined],
    [{ errcode: 40125 }, 'misconfigured', '服务器的日志', undefined],
  ])(
    'a login that WeChat answers with %o shows %s, “%s” and the button %s',
    async (fault, code, text, next) => {
      await phone.press('fail', fault)
      const page = await miniProgram.show('login')
      expect(page.text('.text')).toContain(text)
      expect(page.text('.detail')).toContain(code)
      expect(page.texts('.next')).toEqual(next ? [next] : [])
      expect(page.texts('.user-id')).toEqual([])
    },
  )
})

describe('the profile page', () => {
  it('the profile page shows the avatar and the nickname that the user chose', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.avatar', 'chooseavatar', { avatarUrl: 'wxfile://tmp_avatar.jpeg' })
    await page.tap('.profile', 'submit', { value: { nickname: '小明' } })
    expect(page.has('.picture')).toBe(true)
    expect(page.text('.greeting')).toBe('你好，小明')
  })

  it('the profile page has a session before the phone button can be tapped', async () => {
    const page = await miniProgram.show('profile')
    expect(phone.state.logins).toBe(1)
    await page.tap('.phone', 'getphonenumber', await phone.getPhoneNumber())
    expect(page.text('.phone-number')).toBe('13580006666')
    expect(phone.state.logins).toBe(1)
  })

  it('a phone code that was already used asks for a second tap, which succeeds', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.phone', 'getphonenumber', { code: 'spent', errMsg: 'getPhoneNumber:ok' })
    expect(page.text('.text')).toBe('数据已过期，请再点一次按钮。')
    expect(page.text('.detail')).toContain('tap_required')
    expect(page.has('.next')).toBe(false)
    await page.tap('.phone', 'getphonenumber', await phone.getPhoneNumber())
    expect(page.text('.phone-number')).toBe('13580006666')
    expect(page.has('.text')).toBe(false)
  })

  it.each([
    [{ errMsg: 'getPhoneNumber:fail user deny' }, '你没有同意'],
    [{ errMsg: 'getPhoneNumber:fail no permission' }, '个人主体'],
    [{ errMsg: 'getPhoneNumber:fail', errno: 1400001 }, '次数已用完'],
    [{ errMsg: 'getPhoneNumber:fail', errno: 112 }, '没有声明'],
    [{ errMsg: 'getPhoneNumber:fail', errno: 103 }, '《用户隐私保护指引》'],
  ])('a phone button that returns %o shows “%s”', async (detail, text) => {
    const page = await miniProgram.show('profile')
    await page.tap('.phone', 'getphonenumber', detail)
    expect(page.text('.text')).toContain(text)
    expect(page.text('.detail')).toContain(detail.errMsg)
    expect(page.has('.next')).toBe(false)
  })

  it('the profile page shows today’s steps after scope.werun is granted', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(phone.state.authSetting).toEqual({ 'scope.werun': true })
  })

  it('the profile page shows today’s steps after the session_key was rotated', async () => {
    const page = await miniProgram.show('profile')
    await phone.press('rotate')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(phone.state.logins).toBe(2)
  })

  it('a denied scope.werun is shown, and the next tap leads to the settings', async () => {
    const page = await miniProgram.show('profile')
    phone.state.grantsScopes = false
    await page.tap('.we-run')
    expect(page.text('.denied')).toContain('没有同意')
    await page.tap('.we-run')
    expect(page.has('.denied')).toBe(false)
    phone.state.authSetting['scope.werun'] = true
    await page.tap('.settings', 'opensetting')
    expect(page.text('.steps')).toBe('今天 4000 步')
  })
})

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

describe('the privacy agreement', () => {
  beforeEach(() => start({ hasAgreed: false }))

  it('a login does not ask for the privacy agreement', async () => {
    const page = await miniProgram.show('login')
    expect(page.has('.agree')).toBe(false)
    expect(page.has('.user-id')).toBe(true)
  })

  it('the phone number asks for the privacy agreement, and is given after the user agrees', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.settled()
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.has('.agree')).toBe(false)
    await page.tap('.phone', 'getphonenumber', await tapped)
    expect(page.text('.phone-number')).toBe('13580006666')
  })

  it('a user who refuses the privacy agreement for a scope denies the scope', async () => {
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.agree')).toBe(false)
    expect(page.text('.denied')).toContain('没有同意')
  })

  it('data with a granted scope shows that the privacy agreement was refused', async () => {
    phone.state.authSetting['scope.werun'] = true
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.steps')).toBe(false)
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
    expect(page.text('.detail')).toContain('104')
  })

  it('a privacy refusal without an errno, as older base libraries have it, shows the same text', async () => {
    const page = await miniProgram.show('profile')
    const errMsg = 'getPhoneNumber:fail privacy permission is not authorized'
    await page.tap('.phone', 'getphonenumber', { errMsg })
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
  })

  it('two concurrent calls ask for the privacy agreement once', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.begin('.we-run')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(await tapped).toHaveProperty('code')
  })

  it('focusing the nickname asks for the privacy agreement', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(phone.state.hasAgreed).toBe(true)
  })

  it('the privacy agreement appears on the visible page only', async () => {
    const profile = await miniProgram.show('profile')
    const login = await miniProgram.show('login')
    await miniProgram.show('profile')
    await profile.begin('.we-run')
    expect([login.has('.agree'), profile.has('.agree')]).toEqual([false, true])
    await profile.tap('.disagree')
  })

  it('closing a page refuses the privacy agreement that it asks for', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.settled()
    page.close()
    expect(await tapped).toMatchObject({ errno: 104 })
  })

  it('a privacy guideline that cannot be opened shows a toast', async () => {
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.begin('.contract')
    expect(phone.state.toasts).toEqual(['openPrivacyContract:fail'])
    await page.tap('.disagree')
  })

  it('base libraries before 2.32.3, which have no privacy agreement, get the data without it', async () => {
    const { onNeedPrivacyAuthorization, requirePrivacyAuthorize, ...wx } = phone.wx
    phone.state.hasAgreed = true
    miniProgram = startMiniProgram(wx, { baseUrl: server.url.origin, sandbox: false })
    const page = await miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
  })
})

describe('the AppID of the project', () => {
  it('a project with an AppID that the server does not have shows appid_unknown', async () => {
    phone = createWx(server.url, { appid: 'wx1234567890abcdef' })
    miniProgram = startMiniProgram(phone.wx, { baseUrl: server.url.origin, sandbox: false })
    const page = await miniProgram.show('login')
    expect(page.text('.detail')).toContain('appid_unknown')
    expect(page.text('.text')).toContain('project.config.json')
  })
})

describe('sandbox mode', () => {
  beforeEach(() => start({ sandbox: true }))

  it('in sandbox mode, codes, open data and the phone number come from the server’s sandbox', async () => {
    const login = await miniProgram.show('login')
    expect(login.has('.user-id')).toBe(true)
    const profile = await miniProgram.show('profile')
    await profile.tap('.we-run')
    expect(profile.text('.steps')).toBe('今天 4000 步')
    await profile.tap('.phone', 'getphonenumber', { errMsg: 'getPhoneNumber:fail no permission' })
    expect(profile.text('.phone-number')).toBe('13580006666')
    expect(phone.state.logins).toBe(0)
    expect(phone.state.requests).toContain('POST /sandbox/wx.login')
  })

  it('in sandbox mode, a server without a sandbox is reported as such', async () => {
    miniProgram = startMiniProgram(phone.wx, {
      baseUrl: `${server.url.origin}/none`,
      sandbox: true,
    })
    const page = await miniProgram.show('login')
    expect(page.text('.detail')).toContain('has no sandbox')
  })
})
