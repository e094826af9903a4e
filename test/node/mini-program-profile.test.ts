/** The profile page of the example mini program, with the server of `npm run dev` over HTTP. */

import { describe, expect, it } from 'vitest'
import { useMiniProgram } from '../support/use-mini-program'

const app = useMiniProgram()

describe('the profile page', () => {
  it('the profile page shows the avatar and the nickname that the user chose', async () => {
    const page = await app.miniProgram.show('profile')
    await page.tap('.avatar', 'chooseavatar', { avatarUrl: 'wxfile://tmp_avatar.jpeg' })
    await page.tap('.profile', 'submit', { value: { nickname: '小明' } })
    expect(page.has('.picture')).toBe(true)
    expect(page.text('.greeting')).toBe('你好，小明')
  })

  it('the profile page has a session before the phone button can be tapped', async () => {
    const page = await app.miniProgram.show('profile')
    expect(app.phone.state.logins).toBe(1)
    await page.tap('.phone', 'getphonenumber', await app.phone.getPhoneNumber())
    expect(page.text('.phone-number')).toBe('13580006666')
    expect(app.phone.state.logins).toBe(1)
  })

  it('a phone code that was already used asks for a second tap, which succeeds', async () => {
    const page = await app.miniProgram.show('profile')
    await page.tap('.phone', 'getphonenumber', { code: 'spent', errMsg: 'getPhoneNumber:ok' })
    expect(page.text('.text')).toBe('数据已过期，请再点一次按钮。')
    expect(page.text('.detail')).toContain('tap_required')
    expect(page.has('.next')).toBe(false)
    await page.tap('.phone', 'getphonenumber', await app.phone.getPhoneNumber())
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
    const page = await app.miniProgram.show('profile')
    await page.tap('.phone', 'getphonenumber', detail)
    expect(page.text('.text')).toContain(text)
    expect(page.text('.detail')).toContain(detail.errMsg)
    expect(page.has('.next')).toBe(false)
  })

  it('the profile page shows today’s steps after scope.werun is granted', async () => {
    const page = await app.miniProgram.show('profile')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(app.phone.state.authSetting).toEqual({ 'scope.werun': true })
  })

  it('the profile page shows today’s steps after the session_key was rotated', async () => {
    const page = await app.miniProgram.show('profile')
    await app.phone.press('rotate')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(app.phone.state.logins).toBe(2)
  })

  it('a denied scope.werun is shown, and the next tap leads to the settings', async () => {
    const page = await app.miniProgram.show('profile')
    app.phone.state.grantsScopes = false
    await page.tap('.we-run')
    expect(page.text('.denied')).toContain('没有同意')
    await page.tap('.we-run')
    expect(page.has('.denied')).toBe(false)
    app.phone.state.authSetting['scope.werun'] = true
    await page.tap('.settings', 'opensetting')
    expect(page.text('.steps')).toBe('今天 4000 步')
  })
})
