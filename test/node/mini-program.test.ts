/** The example mini program: its three pages against the sandbox of `npm run dev`, over HTTP. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { build, serve } from '../support/built-worker'
import { APPID, CREDENTIALS, send } from '../support/environment'
import { type MiniProgram, startMiniProgram } from '../support/mini-program'
import { createWx } from '../support/mini-program-wx'

type Phone = ReturnType<typeof createWx>

let server: Awaited<ReturnType<typeof serve>>
let phone: Phone
let miniProgram: MiniProgram

beforeAll(async () => {
  const sandbox = build({ config: 'src/sandbox/wrangler.toml', main: 'dev' })
  server = await serve(sandbox, { bindings: CREDENTIALS })
})

afterAll(() => server.close())

beforeEach(() => start())

/** Every session that a test leaves behind would be in the next one's list. */
afterEach(async () => {
  phone.state.isOffline = false
  await send(server.url, 'DELETE', '/sessions', { token: await logInElsewhere() })
})

function start({ hasAgreed = true, sandbox = false } = {}): void {
  // Whoever opens the example has an AppID of their own, which the sandbox does not know.
  phone = createWx(server.url, { hasAgreed, ...(sandbox && { appid: 'wx1234567890abcdef' }) })
  miniProgram = startMiniProgram(phone.wx, { baseUrl: server.url.origin, sandbox })
}

/** Alice's other phone. */
async function logInElsewhere(): Promise<string> {
  const { code } = await phone.press('wx.login')
  const { answer } = await send(server.url, 'POST', '/login', { body: { code: code as string } })
  return (answer as { token: string }).token
}

const statusOf = async (token: string) =>
  (await send(server.url, 'GET', '/session', { token })).status

const tokenOf = (wx: Phone['wx']) => (wx.getStorageSync('code2session') as { token: string }).token

describe('the login page', () => {
  it('has logged in by itself when it is shown, and says for how long', async () => {
    const page = await miniProgram.show('login')
    expect(page.text('.user-id')).toMatch(/^[\w-]{43}$/)
    expect(page.text('.until')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    expect(phone.state.logins).toBe(1)
    expect(page.has('.text')).toBe(false)
  })

  it('logs in anew on a tap', async () => {
    const page = await miniProgram.show('login')
    const before = tokenOf(phone.wx)
    await page.tap('.log-in')
    expect(phone.state.logins).toBe(2)
    expect(tokenOf(phone.wx)).not.toBe(before)
  })

  it('is busy while it logs in', async () => {
    const page = await miniProgram.show('login')
    await page.begin('.log-in')
    expect(page.data().busy).toBe(true)
    await page.settled()
    expect(page.data().busy).toBe(false)
  })

  it('shows what an authenticated request gets', async () => {
    const page = await miniProgram.show('login')
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    await page.tap('.check')
    expect(JSON.parse(page.text('.answer'))).toEqual({ valid: true })
  })

  it('does not notice that its session was ended elsewhere', async () => {
    const page = await miniProgram.show('login')
    await send(server.url, 'DELETE', '/session', { token: tokenOf(phone.wx) })
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    expect(page.has('.text')).toBe(false)
    expect(phone.state.logins).toBe(2)
  })

  it('says where it looked for the server when there is none, and tries again on a tap', async () => {
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
  ])('for %o shows %s, “%s” and the button %s', async (fault, code, text, next) => {
    await phone.press('fail', fault)
    const page = await miniProgram.show('login')
    expect(page.text('.text')).toContain(text)
    expect(page.text('.detail')).toContain(code)
    expect(page.texts('.next')).toEqual(next ? [next] : [])
    expect(page.texts('.user-id')).toEqual([])
  })
})

describe('the profile page', () => {
  it('shows the avatar and the nickname that the user chose', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.avatar', 'chooseavatar', { avatarUrl: 'wxfile://tmp_avatar.jpeg' })
    await page.tap('.profile', 'submit', { value: { nickname: '小明' } })
    expect(page.has('.picture')).toBe(true)
    expect(page.text('.greeting')).toBe('你好，小明')
  })

  it('has a session before the phone button can be tapped', async () => {
    const page = await miniProgram.show('profile')
    expect(phone.state.logins).toBe(1)
    await page.tap('.phone', 'getphonenumber', await phone.getPhoneNumber())
    expect(page.text('.phone-number')).toBe('13580006666')
    expect(phone.state.logins).toBe(1)
  })

  it('asks for a second tap where the first came to nothing', async () => {
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
  ])('says why the phone button gave %o', async (detail, text) => {
    const page = await miniProgram.show('profile')
    await page.tap('.phone', 'getphonenumber', detail)
    expect(page.text('.text')).toContain(text)
    expect(page.text('.detail')).toContain(detail.errMsg)
    expect(page.has('.next')).toBe(false)
  })

  it('shows today’s steps once scope.werun is granted', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(phone.state.authSetting).toEqual({ 'scope.werun': true })
  })

  it('shows them too when the session_key has changed in between', async () => {
    const page = await miniProgram.show('profile')
    await phone.press('rotate')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(phone.state.logins).toBe(2)
  })

  it('says so when scope.werun is denied, and leads to the settings the next time', async () => {
    const page = await miniProgram.show('profile')
    phone.state.allows = false
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
  it('lists the sessions, this phone’s own without a button', async () => {
    await logInElsewhere()
    const page = await miniProgram.show('devices')
    expect(page.texts('.device')).toHaveLength(2)
    expect(page.texts('.device .title').sort()).toEqual(['iPhone（本机）', '未知设备'])
    expect(page.texts('.end')).toHaveLength(1)
  })

  it('ends another session and keeps its own', async () => {
    const other = await logInElsewhere()
    const page = await miniProgram.show('devices')
    await page.tap('.end')
    expect(page.texts('.device')).toHaveLength(1)
    expect(await statusOf(other)).toBe(401)
    expect(await statusOf(tokenOf(phone.wx))).toBe(200)
  })

  it('says that a session to end is no longer there', async () => {
    const other = await logInElsewhere()
    const page = await miniProgram.show('devices')
    await send(server.url, 'DELETE', '/session', { token: other })
    await page.tap('.end')
    expect(page.text('.detail')).toContain('not_found')
    expect(page.has('.next')).toBe(false)
  })

  it('logs out, and no page logs in again before the user does', async () => {
    const devices = await miniProgram.show('devices')
    const token = tokenOf(phone.wx)
    await devices.tap('.log-out')
    expect(await statusOf(token)).toBe(401)
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

  it('logs out on this phone even where the server cannot be told', async () => {
    const page = await miniProgram.show('devices')
    phone.state.isOffline = true
    await page.tap('.log-out')
    expect(page.has('.logged-out')).toBe(true)
    expect(page.text('.detail')).toContain('network_error')
    expect(phone.wx.getStorageSync('code2session')).toBe('')
  })

  it('logs out everywhere', async () => {
    const other = await logInElsewhere()
    const page = await miniProgram.show('devices')
    const token = tokenOf(phone.wx)
    await page.tap('.log-out-everywhere')
    expect(page.has('.logged-out')).toBe(true)
    expect([await statusOf(token), await statusOf(other)]).toEqual([401, 401])
  })
})

describe('the privacy agreement', () => {
  beforeEach(() => start({ hasAgreed: false }))

  it('is not asked for a login', async () => {
    const page = await miniProgram.show('login')
    expect(page.has('.agree')).toBe(false)
    expect(page.has('.user-id')).toBe(true)
  })

  it('is asked for before the phone number, which goes on when the user agrees', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.settled()
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.has('.agree')).toBe(false)
    await page.tap('.phone', 'getphonenumber', await tapped)
    expect(page.text('.phone-number')).toBe('13580006666')
  })

  it('can be refused for a scope, which is then denied', async () => {
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.agree')).toBe(false)
    expect(page.text('.denied')).toContain('没有同意')
  })

  it('can be refused for data whose scope is granted, and the page says what is missing', async () => {
    phone.state.authSetting['scope.werun'] = true
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.steps')).toBe(false)
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
    expect(page.text('.detail')).toContain('104')
  })

  it('is refused with a message alone by older base libraries, which means the same', async () => {
    const page = await miniProgram.show('profile')
    const errMsg = 'getPhoneNumber:fail privacy permission is not authorized'
    await page.tap('.phone', 'getphonenumber', { errMsg })
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
  })

  it('is asked for once when two calls wait for it', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.begin('.we-run')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(await tapped).toHaveProperty('code')
  })

  it('is asked for by the nickname, which cannot ask by itself', async () => {
    const page = await miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(phone.state.hasAgreed).toBe(true)
  })

  it('is asked for on the page that is shown, also after others were', async () => {
    const profile = await miniProgram.show('profile')
    const login = await miniProgram.show('login')
    await miniProgram.show('profile')
    await profile.begin('.we-run')
    expect([login.has('.agree'), profile.has('.agree')]).toEqual([false, true])
    await profile.tap('.disagree')
  })

  it('counts as refused when its page is closed', async () => {
    const page = await miniProgram.show('profile')
    const tapped = phone.getPhoneNumber()
    await page.settled()
    page.close()
    expect(await tapped).toMatchObject({ errno: 104 })
  })

  it('can be read first, and says so where that fails', async () => {
    const page = await miniProgram.show('profile')
    await page.begin('.we-run')
    await page.begin('.contract')
    expect(phone.state.toasts).toEqual(['openPrivacyContract:fail'])
    await page.tap('.disagree')
  })

  it('does not exist in base libraries before 2.32.3', async () => {
    const { onNeedPrivacyAuthorization, requirePrivacyAuthorize, ...wx } = phone.wx
    phone.state.hasAgreed = true
    miniProgram = startMiniProgram(wx, { baseUrl: server.url.origin, sandbox: false })
    const page = await miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
  })
})

describe('a project opened under an AppID that the server does not have', () => {
  it('is told so', async () => {
    phone = createWx(server.url, { appid: 'wx1234567890abcdef' })
    miniProgram = startMiniProgram(phone.wx, { baseUrl: server.url.origin, sandbox: false })
    const page = await miniProgram.show('login')
    expect(page.text('.detail')).toContain('appid_unknown')
    expect(page.text('.text')).toContain('project.config.json')
  })
})

describe('the sandbox’s phone', () => {
  beforeEach(() => start({ sandbox: true }))

  it('takes the place of WeChat’s codes, open data and phone button', async () => {
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

  it('is missed where the server is a deployed one', async () => {
    miniProgram = startMiniProgram(phone.wx, {
      baseUrl: `${server.url.origin}/none`,
      sandbox: true,
    })
    const page = await miniProgram.show('login')
    expect(page.text('.detail')).toContain('has no sandbox')
  })
})
