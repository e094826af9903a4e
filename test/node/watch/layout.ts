/** What is in sight on the watch page, and its languages. */

import { describe, expect, it } from 'vitest'
import { CHROMIUM } from '../../support/browser'
import { isInSight, openPage, PHONE, press, SIDEWAYS } from './page'

const DESKTOP = { width: 1280, height: 900 }

/** Run in the page, as is the next one. */
const TEXT_NAMES = `(async () => {
  const { en } = await import('/texts/en.js')
  const { zhCN } = await import('/texts/zh-CN.js')
  const names = (value, path) => value === Object(value) && typeof value !== 'function'
    ? Object.entries(value).flatMap(([name, member]) => names(member, path + '.' + name))
    : [path + ': ' + typeof value]
  return [names(en, ''), names(zhCN, '')]
})()`
/** How many pixels of the latest diagram the bar covers; negative for the gap between them. */
const OVERLAP = `(() => {
  const bar = document.querySelector('#result').getBoundingClientRect()
  const diagram = document.querySelector('#diagram').getBoundingClientRect()
  return Math.min(bar.bottom - diagram.top, diagram.bottom - bar.top, innerHeight - bar.top)
})()`
/** Notes each text of the bar with the arrows that are invisible, and those that are drawn again. */
const OBSERVE_MEANING = `
  window.shown = []
  let redrawn = 0
  document.addEventListener('animationstart', ({ target }) => {
    if (target.closest('#earlier')) redrawn++
  })
  new MutationObserver(() => {
    const items = [...document.querySelectorAll('#diagram .messages > *')]
    const invisible = items.filter((item) => getComputedStyle(item).opacity !== '1').length
    shown.push({ text: document.querySelector('#meaning').textContent, invisible, redrawn })
  }).observe(document.querySelector('#meaning'), { childList: true })
`

describe.skipIf(CHROMIUM.notice)(`the layout of the watch page${CHROMIUM.notice}`, () => {
  it.each([
    ['light', 'rgb(250, 249, 245)'],
    ['dark', 'rgb(21, 23, 26)'],
  ] as const)('The page is %s where the phone prefers that', async (colorScheme, paper) => {
    const page = await openPage({ colorScheme })
    const color = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    expect(color).toBe(paper)
  })

  it('The first result begins below the bar at 1280 x 720', async () => {
    const page = await openPage({ viewport: { width: 1280, height: 720 } })
    await press(page, 'login')
    expect(await page.evaluate(OVERLAP)).toBeLessThanOrEqual(0)
    expect(await isInSight(page, '#diagram h2')).toBe(true)
    expect(await isInSight(page, '#meaning')).toBe(true)
  })

  it('Before the first press, the page says where records in KV come from', async () => {
    const before = await openPage()
    await press(before, 'login')
    const page = await openPage()
    await page.waitForSelector('#kv .records')
    expect(await page.textContent('#kv .remark')).toContain('earlier logins')
    await press(page, 'login')
    expect(await page.textContent('#kv')).not.toContain('earlier logins')
  })

  it('The page links to the documentation of the API', async () => {
    const page = await openPage()
    await page.click('.links a')
    await page.waitForSelector('main:not([aria-busy])')
    expect(await page.title()).toBe('code2session API')
  })

  it.each([PHONE, DESKTOP])(
    'The meaning and “Next” are in sight at $width x $height, however far the page is scrolled',
    async (viewport) => {
      const page = await openPage({ viewport })
      expect(await isInSight(page, '#next')).toBe(true)
      for (const id of ['login', 'rotate', 'busy']) {
        await press(page, id)
        for (const top of ['0', 'scrollY + innerHeight', 'document.body.scrollHeight']) {
          await page.evaluate(`scrollTo(0, ${top})`)
          const inSight = [await isInSight(page, '#meaning'), await isInSight(page, '#next')]
          expect([id, top, ...inSight]).toEqual([id, top, true, true])
        }
      }
    },
  )

  it('The page shows the meaning once all arrows are drawn, and draws no arrow twice', async () => {
    const page = await openPage({ reducedMotion: 'no-preference' })
    await page.evaluate(OBSERVE_MEANING)
    await press(page, 'login')
    await press(page, 'session')
    expect(await page.evaluate('shown')).toEqual([
      { text: 'wx.login is running…', invisible: 0, redrawn: 0 },
      { text: expect.stringMatching(/^wx.login The phone gets/), invisible: 0, redrawn: 0 },
      { text: 'Am I logged in? is running…', invisible: 0, redrawn: 0 },
      { text: expect.stringMatching(/^Am I logged in\? The/), invisible: 0, redrawn: 0 },
    ])
  })
})

describe.skipIf(CHROMIUM.notice)(`the language of the watch page${CHROMIUM.notice}`, () => {
  it.each([
    ['zh-CN', ['zh-CN', 'en'], '下一步：wx.login'],
    ['zh-CN', ['zh-TW'], '下一步：wx.login'],
    ['zh-CN', ['fr', 'zh'], '下一步：wx.login'],
    ['en', ['en-GB', 'zh-CN'], 'Next: wx.login'],
    ['en', ['fr'], 'Next: wx.login'],
  ])('The page is in %s where the browser prefers %o', async (lang, languages, next) => {
    const page = await openPage({ languages })
    expect(await page.getAttribute('html', 'lang')).toBe(lang)
    expect(await page.textContent('#next')).toBe(next)
  })

  it('The page is in Chinese throughout where the browser asks for it', async () => {
    const page = await openPage({ languages: ['zh-CN'] })
    expect(await page.title()).toBe('code2session 演示页面')
    for (const id of ['login', 'userInfo', 'devices', 'wait', 'withdraw', 'session']) {
      const { meaning } = await press(page, id)
      expect([id, meaning]).toEqual([id, expect.stringMatching(/[\u4e00-\u9fff].*。$/)])
      expect([id, await page.evaluate(SIDEWAYS)]).toEqual([id, 0])
    }
    const texts = await page.locator('h2, .steps span, .remark, #clock, .times').allTextContents()
    expect(texts.filter((text) => !/[\u4e00-\u9fff]|^wx\.login$/.test(text))).toEqual([])
  })

  it('The page has the same texts in every language', async () => {
    const page = await openPage()
    const [en, zhCN] = await page.evaluate<string[][]>(TEXT_NAMES)
    expect(en?.length).toBeGreaterThan(80)
    expect(zhCN).toEqual(en)
  })
})
