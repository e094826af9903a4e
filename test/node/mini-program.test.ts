/** The example mini program: its login page, AppID and sandbox mode, with a server over HTTP. */

import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, send } from '../support/environment'
import { useMiniProgram } from '../support/use-mini-program'

const app = useMiniProgram()

describe('the login page', () => {
  it('the login page logs in when it is shown, and says when the session ends', async () => {
    const page = await app.miniProgram.show('login')
    expect(page.text('.user-id')).toMatch(/^[\w-]{43}$/)
    expect(page.text('.until')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    expect(app.phone.state.logins).toBe(1)
    expect(page.has('.text')).toBe(false)
  })

  it('a tap on the log-in button starts a new session', async () => {
    const page = await app.miniProgram.show('login')
    const before = app.phone.storedToken()
    await page.tap('.log-in')
    expect(app.phone.state.logins).toBe(2)
    expect(app.phone.storedToken()).not.toBe(before)
  })

  it('the login page is busy during a login and not after it', async () => {
    const page = await app.miniProgram.show('login')
    await page.begin('.log-in')
    expect(page.data().busy).toBe(true)
    await page.settled()
    expect(page.data().busy).toBe(false)
  })

  it('the login page shows the answers of authenticated requests', async () => {
    const page = await app.miniProgram.show('login')
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    await page.tap('.check')
    expect(JSON.parse(page.text('.answer'))).toEqual({ valid: true })
  })

  it('a request succeeds by a new login when the session was ended elsewhere', async () => {
    const page = await app.miniProgram.show('login')
    await send(app.server.url, 'DELETE', '/session', { token: app.phone.storedToken() })
    await page.tap('.request')
    expect(JSON.parse(page.text('.answer'))).toMatchObject({ appid: APPID })
    expect(page.has('.text')).toBe(false)
    expect(app.phone.state.logins).toBe(2)
  })

  it('a login without a network names the server, and succeeds when it is retried by a tap', async () => {
    app.phone.state.isOffline = true
    const page = await app.miniProgram.show('login')
    expect(page.text('.text')).toContain(`连不上 ${app.server.url.origin}`)
    expect(page.text('.detail')).toBe('network_error · 600001 · request:fail')
    expect(page.text('.next')).toBe('重试')
    app.phone.state.isOffline = false
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
      await app.phone.press('fail', fault)
      const page = await app.miniProgram.show('login')
      expect(page.text('.text')).toContain(text)
      expect(page.text('.detail')).toContain(code)
      expect(page.texts('.next')).toEqual(next ? [next] : [])
      expect(page.texts('.user-id')).toEqual([])
    },
  )
})

describe('the AppID of the project', () => {
  it('a project with an AppID that the server does not have shows appid_unknown', async () => {
    app.restart({ phone: { appid: 'wx1234567890abcdef' } })
    const page = await app.miniProgram.show('login')
    expect(page.text('.detail')).toContain('appid_unknown')
    expect(page.text('.text')).toContain('project.config.json')
  })
})

describe('sandbox mode', () => {
  beforeEach(() => {
    // A developer opens the example under their own AppID, which the sandbox does not know.
    app.restart({ phone: { appid: 'wx1234567890abcdef' }, config: { sandbox: true } })
  })

  it('in sandbox mode, codes, open data and the phone number come from the server’s sandbox', async () => {
    const login = await app.miniProgram.show('login')
    expect(login.has('.user-id')).toBe(true)
    const profile = await app.miniProgram.show('profile')
    await profile.tap('.we-run')
    expect(profile.text('.steps')).toBe('今天 4000 步')
    await profile.tap('.phone', 'getphonenumber', { errMsg: 'getPhoneNumber:fail no permission' })
    expect(profile.text('.phone-number')).toBe('13580006666')
    expect(app.phone.state.logins).toBe(0)
    expect(app.phone.state.requests).toContain('POST /sandbox/wx.login')
  })

  it('in sandbox mode, a server without a sandbox is reported as such', async () => {
    app.restart({ config: { baseUrl: `${app.server.url.origin}/none`, sandbox: true } })
    const page = await app.miniProgram.show('login')
    expect(page.text('.detail')).toContain('has no sandbox')
  })
})
