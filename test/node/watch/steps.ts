/** The buttons of the watch page for logins, sessions, open data and backends. */

import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { CHROMIUM } from '../../support/browser'
import { CREDENTIALS } from '../../support/environment'
import { openPage, outcome, press, pressNext, STEP_IDS } from './page'

const WEEK = 7 * 24 * 3600

/** Run in the page: the width of the picture in the diagram, in pixels of its own. */
const PICTURE_WIDTH = `(async () => {
  const picture = document.querySelector('#diagram img.picture')
  await picture.decode()
  return picture.naturalWidth
})()`

/** The times of the latest diagram and of the panel, in Unix seconds. */
async function readTimes(page: Page) {
  const [diagram = '', panel = ''] = await page
    .locator('#diagram time, #clock time')
    .allTextContents()
  for (const time of [diagram, panel]) expect(time).toMatch(/ UTC$/)
  return { diagram: Date.parse(diagram) / 1000, panel: Date.parse(panel) / 1000 }
}

/** Presses these buttons on a new page: what came of the last one. */
async function pressAll(...ids: readonly [string, ...string[]]) {
  const page = await openPage()
  let result = await press(page, ids[0])
  for (const id of ids.slice(1)) result = await press(page, id)
  return { page, ...result }
}

const labels = (messages: readonly { label: string }[]) => messages.map(({ label }) => label)

describe.skipIf(CHROMIUM.notice)(`the watch page of npm run dev${CHROMIUM.notice}`, () => {
  it('The page draws a login: what WeChat tells the Worker, and the token that the phone gets', async () => {
    const { page, toPhone, toWeChat, diagram, meaning } = await pressAll('login')
    expect(toWeChat).toEqual(['GET /sns/jscode2session'])
    expect(diagram).toContain(`secret${CREDENTIALS.WECHAT_APPSECRET}`)
    expect(diagram).toMatch(/session_key.{24}openido/)
    expect(diagram).toContain('KV put session:')
    expect(toPhone).toMatchObject([{ label: '200', text: expect.stringContaining('tokenType') }])
    expect(await page.textContent('#phone')).toContain('token')
    const server = await page.textContent('#server')
    expect(server).toMatch(/AppSecret.*session_key.*openid/)
    expect(server).toContain('None of these is in the 2 responses')
    expect(meaning).toMatch(/^wx\.login The phone gets a token and nothing else\./)
  })

  it('The page shows the names, sizes and bytes of KV, and no token', async () => {
    const { page } = await pressAll('login')
    const kv = await page.textContent('#kv')
    expect(kv).toMatch(/session:[\w-]{6}…:[\w-]{6}…(?:[\da-f]{2} ){24}… \d+ bytescreated \d{4}-/)
    await page.click('#phone summary')
    const token = (await page.textContent('#phone details > span')) ?? ''
    expect(token).toMatch(/^[\w-]{43}\.[\w-]{64}$/)
    expect(kv).not.toContain(token.slice(44))
    expect(kv).not.toContain(token.slice(-42))
  })

  it('The page opens user info, phone number and steps, and says whether the session_key is current', async () => {
    const { page, ...info } = await pressAll('login', 'userInfo')
    expect(labels(info.toPhone)).toEqual(['200', '200'])
    expect(info.diagram).toContain('微信用户')
    const number = await press(page, 'phoneNumber')
    expect(number.toWeChat).toContain('POST /wxa/business/getuserphonenumber')
    expect(number.toPhone[0]?.text).toContain('13580006666')
    const steps = await press(page, 'weRun')
    expect([steps.toWeChat, steps.toPhone[0]?.label]).toEqual([[], '200'])
    expect((await press(page, 'check')).meaning).toContain('Yes: ')
  })

  it('The page draws session_key_stale after the session_key has rotated, and leads out of it', async () => {
    const { page } = await pressAll('login', 'rotate')
    const stale = await pressNext(page, 'userInfo')
    expect(labels(stale.toPhone)).toEqual(Array(2).fill('409 session_key_stale'))
    expect((await press(page, 'check')).meaning).toContain('No: ')
    await pressNext(page, 'login')
    expect(labels((await pressNext(page, 'userInfo')).toPhone)).toEqual(['200', '200'])
  })

  it('The page draws one exchange, and one token, for one code that is sent twice at once', async () => {
    const { toPhone, toWeChat, diagram, meaning } = await pressAll('twice')
    expect(toWeChat).toEqual(['GET /sns/jscode2session'])
    expect(labels(toPhone)).toEqual(['200', '200'])
    expect(toPhone[0]?.text).toBe(toPhone[1]?.text)
    expect(diagram?.match(/KV put/g)).toHaveLength(1)
    expect(meaning).toContain('both responses have the same token')
  })

  it('The page lists the sessions of two phones, and ends one and all of them', async () => {
    const { page } = await pressAll('login', 'logoutAll')
    expect(await page.textContent('#kv')).not.toContain('session:')
    await press(page, 'login')
    await press(page, 'second')
    expect((await press(page, 'devices')).meaning).toContain('This user has 2 sessions')
    expect((await press(page, 'logout')).toPhone).toMatchObject([{ label: '204' }])
    expect(await page.textContent('#phone')).toBe('Nothing yet.')
  })

  it('The page skips five minutes, after which code and data are too old', async () => {
    const { page, toPhone } = await pressAll('login', 'wait')
    expect(labels(toPhone)).toEqual(['400 code_invalid', '422 watermark_expired'])
    expect(await page.textContent('#clock')).toContain('5 min 1 s ahead of the real time')
  })

  it('The page draws a code that is used, a WeChat that is busy, and what to do', async () => {
    const { page, ...used } = await pressAll('used')
    expect(labels(used.toPhone)).toEqual(['200', '400 code_used'])
    const busy = await press(page, 'busy')
    expect(busy.toWeChat).toEqual(Array(4).fill('GET /sns/jscode2session'))
    expect(busy.fromWeChat.slice(0, 3)).toEqual(Array(3).fill('200 errcode -1'))
    expect(labels(busy.toPhone)).toEqual(['503 wechat_busy', '200'])
    expect(busy.toPhone[0]?.text).toContain('Retry-After')
  })

  it('The page draws how a session ends: by itself after a week, and when the user withdraws', async () => {
    const { page, ...week } = await pressAll('login', 'week')
    expect(labels(week.toPhone)).toEqual(['401 session_invalid'])
    expect(await page.textContent('#phone')).not.toContain('token')
    await press(page, 'login')
    const withdrawn = await press(page, 'withdraw')
    expect(withdrawn.fromWeChat).toEqual(['POST /wechat/events'])
    expect(withdrawn.diagram).toContain('KV delete session:')
    expect(labels(withdrawn.toPhone)).toEqual(['401 session_invalid'])
  })

  it.each<[fact: string, ids: [string, ...string[]], drawn: RegExp, meaning: string]>([
    [
      'a virtual payment: the signature, WeChat’s notice, and the hook’s answer',
      ['login', 'pay'],
      /^(?=.*signature[\da-f]{64})(?=.*requestVirtualPayment:ok)(?=.*HOOKS\.onEvent {"ErrCode":0,"ErrMsg":"success"})/,
      'the hook onEvent delivered the goods',
    ],
    [
      'a purchase that no hook answers, and that WeChat gets no answer',
      ['unanswered'],
      /HOOKS\.onEvent null.*503.*hook_unavailable/,
      'WeChat sends the notice again',
    ],
    [
      'how a message of the user goes on to the customer service desk',
      ['customerMessage'],
      /Encrypt.*MsgSignature.*reads the reply: .*"MsgType":"transfer_customer_service"/,
      'goes to the customer service desk',
    ],
    [
      'that the backend gets the encryption key that the mini program has',
      ['login', 'keys'],
      /GET \/wxa\/business\/getuserencryptkey.*encryptKey/,
      'the same key',
    ],
    [
      'a JWT access token that the backend verifies with the public key',
      ['login', 'accessToken'],
      /POST \/session\/access-token.*KV get.*accessToken.*GET \/\.well-known\/jwks\.json.*sub .*aud wx/,
      'verified the token',
    ],
    [
      'the user of a token in the headers that a gateway gets',
      ['login', 'gateway'],
      /GET \/forward-auth.*KV get.*200.*X-User-Id.*X-Openid/,
      'with these headers',
    ],
    [
      'how a token that the backend revokes loses its session',
      ['login', 'revoke'],
      /POST \/revoke.*401 session_invalid/,
      'The backend revoked the token',
    ],
    [
      'no session for a user whom the hook denies',
      ['denied'],
      /^(?!.*KV put).*HOOKS\.onLogin {"deny":true}.*403 login_denied/,
      'stored no session',
    ],
    [
      'the claims that the hook gives the others',
      ['login'],
      /HOOKS\.onLogin {"claims":{"role":"member"}}/,
      'a token and nothing else',
    ],
  ])('The page draws %s', async (_, ids, drawn, meaning) => {
    const result = await pressAll(...ids)
    expect(result.diagram).toMatch(new RegExp(drawn, 's'))
    expect(result.meaning).toContain(meaning)
  })

  it('The page shows the picture of a mini-program code, for which the backend needs no access_token', async () => {
    const { page, toWeChat, diagram } = await pressAll('picture')
    expect(toWeChat).toContain('POST /wxa/getwxacodeunlimit')
    expect(diagram).toMatch(/\(image\/png, \d+ bytes\)/)
    expect(await page.evaluate(PICTURE_WIDTH)).toBe(430)
  })

  it('The page keeps the phone’s token when it is reloaded, and knows what the server learnt', async () => {
    const { page } = await pressAll('login')
    await page.reload()
    await page.waitForSelector('#phone .token')
    await page.waitForSelector('#server .server-only')
    expect((await press(page, 'session')).toPhone).toMatchObject([{ label: '200' }])
  })

  it('The page works with the keyboard, and tells a screen reader what came of a press', async () => {
    const page = await openPage()
    // The link to the API, then the first button.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await outcome(page, 'login')
    expect(await page.getByRole('status').textContent()).toMatch(/^wx\.login The phone gets/)
    const buttons = page.getByRole('button')
    expect(await buttons.count()).toBeGreaterThan(10)
  })

  it('The page says which buttons need a login until there is one', async () => {
    const page = await openPage()
    const waiting = async () => {
      const labels = await page.locator('[data-step]').allInnerTexts()
      const ids = await page.evaluate<string[]>(STEP_IDS)
      return ids.filter((_, index) => labels[index]?.includes('needs wx.login'))
    }
    const ids =
      'session devices logout logoutAll userInfo phoneNumber weRun check pay keys accessToken gateway revoke buy lost refund forged probe wait week withdraw'
    expect(await waiting()).toEqual(ids.split(' '))
    const refused = await press(page, 'session')
    expect(refused.meaning).toContain('session_required: The phone has no token.')
    await press(page, 'login')
    expect(await waiting()).toEqual([])
    await press(page, 'logout')
    expect(await waiting()).toEqual(ids.split(' '))
  })

  it('The diagrams, the panel and the Worker agree on one clock', async () => {
    const page = await openPage({ timezoneId: 'Asia/Shanghai' })
    const { toPhone } = await press(page, 'login')
    const before = await readTimes(page)
    expect(Math.abs(before.panel - before.diagram)).toBeLessThan(10)
    expect(toPhone[0]?.text).toContain(
      new Date((before.panel + WEEK) * 1000).toISOString().slice(0, 10),
    )
    await press(page, 'week')
    const note = await page.textContent('#diagram .note[data-at="all"]')
    expect(note).toMatch(/^The clock goes forward by 7 d to \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
    await press(page, 'login')
    const after = await readTimes(page)
    expect(Math.abs(after.panel - after.diagram)).toBeLessThan(10)
    expect(after.diagram - before.diagram).toBeGreaterThanOrEqual(WEEK)
  })
})
