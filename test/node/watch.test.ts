/**
 * The page of `npm run dev`, in headless Chromium.
 *
 * On Debian and Ubuntu: `apt-get install chromium`. Elsewhere set CHROMIUM to the path of a Chromium
 * or Chrome. Without one these tests are skipped, and say so.
 */

import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CREDENTIALS } from '../support/environment'
import { hasBrowser, openWatch, type Watch } from '../support/watch-page'

const notice = hasBrowser ? '' : ' (SKIPPED: no browser; apt-get install chromium, or set CHROMIUM)'
if (notice) console.warn(`the watch page is not tested${notice}`)

const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth'

let watch: Watch
beforeAll(async () => {
  if (hasBrowser) watch = await openWatch()
})
afterEach(() => watch?.closePages())
afterAll(() => watch?.close())

it('the watch page is in no deployment: production has other assets', () => {
  const directoryOf = (file: string) => /\ndirectory = "(.*)"/.exec(readFileSync(file, 'utf8'))?.[1]
  expect(directoryOf('src/sandbox/wrangler.toml')).toBe('page')
  expect(directoryOf('wrangler.toml')).toBe('src/assets')
})

describe.skipIf(!hasBrowser)(`the watch page of npm run dev${notice}`, () => {
  it('shows a login: what WeChat tells the Worker, and the token that the phone gets', async () => {
    const page = await watch.openPage()
    const { toPhone, toWeChat, scene, meaning } = await watch.press(page, 'login')
    expect(toWeChat).toEqual(['GET /sns/jscode2session'])
    expect(scene).toContain(`secret${CREDENTIALS.WECHAT_APPSECRET}`)
    expect(scene).toMatch(/session_key.{24}openido/)
    expect(scene).toContain('KV put session:')
    expect(toPhone).toMatchObject([{ label: '200', text: expect.stringContaining('tokenType') }])
    expect(await page.textContent('#phone')).toContain('token')
    const server = await page.textContent('#server')
    expect(server).toMatch(/AppSecret.*session_key.*openid/)
    expect(server).toContain('None of them is in any of the 2 answers')
    expect(await page.textContent('#meaning')).toBe(`wx.login. ${meaning}`)
  })

  it('shows KV sealed: key names, sizes and bytes, and no token', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    const kv = await page.textContent('#kv')
    expect(kv).toMatch(/session:[\w-]{6}…:[\w-]{6}…(?:[\da-f]{2} ){24}… \d+ bytesfrom \d{4}-/)
    await page.click('#phone summary')
    const token = (await page.textContent('#phone details > span')) ?? ''
    expect(token).toMatch(/^[\w-]{43}\.[\w-]{43}$/)
    expect(kv).not.toContain(token.slice(44))
  })

  it('opens user info, phone number and steps, and says whether the key is current', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    const info = await watch.press(page, 'userInfo')
    expect(info.toPhone.map(({ label }) => label)).toEqual(['200', '200'])
    expect(info.scene).toContain('微信用户')
    const number = await watch.press(page, 'phoneNumber')
    expect(number.toWeChat).toContain('POST /wxa/business/getuserphonenumber')
    expect(number.toPhone[0]?.text).toContain('13580006666')
    const steps = await watch.press(page, 'weRun')
    expect([steps.toWeChat, steps.toPhone[0]?.label]).toEqual([[], '200'])
    expect((await watch.press(page, 'check')).meaning).toMatch(/^Yes/)
  })

  it('shows session_key_stale after the key rotated, and leads out of it', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    await watch.press(page, 'rotate')
    await page.click('text=Next: Get user info')
    const stale = await watch.outcome(page, 'userInfo')
    expect(stale.toPhone.map(({ label }) => label)).toEqual(Array(2).fill('409 session_key_stale'))
    expect((await watch.press(page, 'check')).meaning).toMatch(/^No/)
    await page.click('text=Next: wx.login')
    await watch.outcome(page, 'login')
    await page.click('text=Next: Get user info')
    const again = await watch.outcome(page, 'userInfo')
    expect(again.toPhone.map(({ label }) => label)).toEqual(['200', '200'])
  })

  it('shows one exchange, and one token, for one code sent twice at once', async () => {
    const page = await watch.openPage()
    const { toPhone, toWeChat, scene, meaning } = await watch.press(page, 'twice')
    expect(toWeChat).toEqual(['GET /sns/jscode2session'])
    expect(toPhone.map(({ label }) => label)).toEqual(['200', '200'])
    expect(toPhone[0]?.text).toBe(toPhone[1]?.text)
    expect(scene?.match(/KV put/g)).toHaveLength(1)
    expect(meaning).toContain('both answers carry the same token')
  })

  it('lists the sessions of two phones, and ends one and all of them', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    await watch.press(page, 'logoutAll')
    expect(await page.textContent('#kv')).not.toContain('session:')
    await watch.press(page, 'login')
    await watch.press(page, 'second')
    expect((await watch.press(page, 'devices')).meaning).toContain('2 sessions of this person')
    expect((await watch.press(page, 'logout')).toPhone).toMatchObject([{ label: '204' }])
    expect(await page.textContent('#phone')).toBe('Nothing yet.')
    const { meaning } = await watch.press(page, 'session')
    expect(meaning).toContain('session_required')
    await watch.press(page, 'login')
    expect((await watch.press(page, 'devices')).meaning).toContain('2 sessions of this person')
    expect((await watch.press(page, 'session')).toPhone).toMatchObject([{ label: '200' }])
  })

  it('skips five minutes, after which code and data are too old', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    const { toPhone } = await watch.press(page, 'wait')
    const labels = toPhone.map(({ label }) => label)
    expect(labels).toEqual(['400 code_invalid', '422 watermark_expired'])
    expect(await page.textContent('#clock')).toContain('5 min 1 s ahead')
  })

  it('shows a code that is used, a WeChat that is busy, and what to do', async () => {
    const page = await watch.openPage()
    const used = await watch.press(page, 'used')
    expect(used.toPhone.map(({ label }) => label)).toEqual(['200', '400 code_used'])
    const busy = await watch.press(page, 'busy')
    expect(busy.toWeChat).toEqual(Array(4).fill('GET /sns/jscode2session'))
    expect(busy.fromWeChat.slice(0, 3)).toEqual(Array(3).fill('200 errcode -1'))
    expect(busy.toPhone.map(({ label }) => label)).toEqual(['503 wechat_busy', '200'])
    expect(busy.toPhone[0]?.text).toContain('Retry-After')
  })

  it('shows a session end: by itself after a week, and when the user withdraws', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    const week = await watch.press(page, 'week')
    expect(week.toPhone).toMatchObject([{ label: '401 session_invalid' }])
    expect(await page.textContent('#phone')).not.toContain('token')
    await watch.press(page, 'login')
    const withdrawn = await watch.press(page, 'withdraw')
    expect(withdrawn.fromWeChat).toEqual(['POST /wechat/events'])
    expect(withdrawn.scene).toContain('KV delete session:')
    expect(withdrawn.toPhone).toMatchObject([{ label: '401 session_invalid' }])
  })

  it('keeps the phone’s token when it is reloaded, and knows what the server learnt', async () => {
    const page = await watch.openPage()
    await watch.press(page, 'login')
    await page.reload()
    await page.waitForSelector('#phone .token')
    await page.waitForSelector('#server .server-only')
    expect((await watch.press(page, 'session')).toPhone).toMatchObject([{ label: '200' }])
  })

  it('works with the keyboard, and tells a screen reader what came of it', async () => {
    const page = await watch.openPage()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await watch.outcome(page, 'login')
    expect(await page.getByRole('status').textContent()).toMatch(/^wx\.login\. The phone holds/)
    const buttons = page.getByRole('button')
    expect(await buttons.count()).toBeGreaterThan(10)
  })

  it.each(['light', 'dark'] as const)('fits a phone of 360 pixels, %s', async (colorScheme) => {
    const page = await watch.openPage({ colorScheme, viewport: { width: 360, height: 740 } })
    for (const id of ['login', 'userInfo', 'phoneNumber', 'devices', 'wait']) {
      await watch.press(page, id)
      expect([id, await page.evaluate(SIDEWAYS)]).toEqual([id, 0])
      expect(await page.locator('#scene h2').boundingBox()).toMatchObject({ y: expect.any(Number) })
    }
    const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    expect(paper).toBe(colorScheme === 'light' ? 'rgb(250, 249, 245)' : 'rgb(21, 23, 26)')
  })

  it('has had every button pressed by these tests', async () => {
    const page = await watch.openPage()
    const ids = await page.evaluate<string[]>(
      `[...document.querySelectorAll('[data-press]')].map((button) => button.dataset.press)`,
    )
    expect([...watch.pressed].sort()).toEqual(ids.sort())
  })

  it('has not complained in the console, nor made a request elsewhere', () => {
    expect(watch.complaints).toEqual([])
    expect([...watch.origins]).toEqual([new URL(watch.url).origin])
  })
})
