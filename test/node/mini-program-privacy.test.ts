/** The privacy agreement of the example mini program, with the server of `npm run dev` over HTTP. */

import { describe, expect, it } from 'vitest'
import { useMiniProgram } from '../support/use-mini-program'

const app = useMiniProgram({ phone: { hasAgreed: false } })

describe('the privacy agreement', () => {
  it('a login does not ask for the privacy agreement', async () => {
    const page = await app.miniProgram.show('login')
    expect(page.has('.agree')).toBe(false)
    expect(page.has('.user-id')).toBe(true)
  })

  it('the phone number asks for the privacy agreement, and is given after the user agrees', async () => {
    const page = await app.miniProgram.show('profile')
    const tapped = app.phone.getPhoneNumber()
    await page.settled()
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.has('.agree')).toBe(false)
    await page.tap('.phone', 'getphonenumber', await tapped)
    expect(page.text('.phone-number')).toBe('13580006666')
  })

  it('a user who refuses the privacy agreement for a scope denies the scope', async () => {
    const page = await app.miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.agree')).toBe(false)
    expect(page.text('.denied')).toContain('没有同意')
  })

  it('data with a granted scope shows that the privacy agreement was refused', async () => {
    app.phone.state.authSetting['scope.werun'] = true
    const page = await app.miniProgram.show('profile')
    await page.begin('.we-run')
    await page.tap('.disagree')
    expect(page.has('.steps')).toBe(false)
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
    expect(page.text('.detail')).toContain('104')
  })

  it('a privacy refusal without an errno, as older base libraries have it, shows the same text', async () => {
    const page = await app.miniProgram.show('profile')
    const errMsg = 'getPhoneNumber:fail privacy permission is not authorized'
    await page.tap('.phone', 'getphonenumber', { errMsg })
    expect(page.text('.text')).toContain('没有同意《用户隐私保护指引》')
  })

  it('two concurrent calls ask for the privacy agreement once', async () => {
    const page = await app.miniProgram.show('profile')
    const tapped = app.phone.getPhoneNumber()
    await page.begin('.we-run')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(page.text('.steps')).toBe('今天 4000 步')
    expect(await tapped).toHaveProperty('code')
  })

  it('focusing the nickname asks for the privacy agreement', async () => {
    const page = await app.miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.agree', 'agreeprivacyauthorization')
    expect(app.phone.state.hasAgreed).toBe(true)
  })

  it('the privacy agreement appears on the visible page only', async () => {
    const profile = await app.miniProgram.show('profile')
    const login = await app.miniProgram.show('login')
    await app.miniProgram.show('profile')
    await profile.begin('.we-run')
    expect([login.has('.agree'), profile.has('.agree')]).toEqual([false, true])
    await profile.tap('.disagree')
  })

  it('closing a page refuses the privacy agreement that it asks for', async () => {
    const page = await app.miniProgram.show('profile')
    const tapped = app.phone.getPhoneNumber()
    await page.settled()
    page.close()
    expect(await tapped).toMatchObject({ errno: 104 })
  })

  it('base libraries before 2.32.3, which have no privacy agreement, get the data without it', async () => {
    const { onNeedPrivacyAuthorization, requirePrivacyAuthorize, ...wx } = app.phone.wx
    app.phone.state.hasAgreed = true
    app.restart({ wx })
    const page = await app.miniProgram.show('profile')
    await page.tap('.nickname', 'focus')
    await page.tap('.we-run')
    expect(page.text('.steps')).toBe('今天 4000 步')
  })
})
