/** The watch page under test: `npm run dev`, and a browser that presses its buttons. */

import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { startDev } from '../../support/dev-server'
import { CREDENTIALS } from '../../support/environment'
import { findProgram } from '../../support/programs'

export const CHROMIUM = findProgram('chromium', process.env.CHROMIUM)
/** The screen of a small one, in CSS pixels. */
export const PHONE = { width: 360, height: 740 }

/** The ids of the buttons under “Payments”. */
export const PAYMENT_STEP_IDS = ['buy', 'lost', 'refund', 'forged', 'probe']

interface Message {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly text: string
}

export type Watch = Awaited<ReturnType<typeof openWatch>>

/** Run in the page, as are the next three: how far it is wider than the window. */
export const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth'
/** The ids of all buttons. */
export const STEP_IDS = `[...document.querySelectorAll('[data-step]')].map(
  ({ dataset }) => dataset.step,
)`
const MESSAGES = `[...document.querySelectorAll('#diagram .message')].map((message) => ({
  from: message.dataset.from,
  to: message.dataset.to,
  label: message.querySelector('.label').textContent,
  text: message.textContent,
}))`
const SERVER_VALUES = `[...document.querySelectorAll('#server .server-only')].map(
  (value) => value.textContent.replace('…', ''),
)`

/** @param defaults What a page has unless it is opened with other options */
export async function openWatch(defaults: BrowserContextOptions = {}) {
  const dev = await startDev()
  const browser = await chromium.launch({ executablePath: CHROMIUM.path, args: ['--no-sandbox'] })
  const pages: Page[] = []
  const pressed = new Set<string>()
  const misfits = new Set<string>()
  const complaints: string[] = []
  const origins = new Set<string>()

  /** Opens the page in a browser profile of its own, which prefers these languages. */
  async function openPage(
    options: BrowserContextOptions = {},
    languages?: readonly string[],
  ): Promise<Page> {
    const usual = { reducedMotion: 'reduce', locale: 'en-US', ...defaults } as const
    const page = await browser.newPage({ ...usual, ...options })
    if (languages)
      await page.addInitScript(
        `Object.defineProperty(navigator, 'languages', { value: ${JSON.stringify(languages)} })`,
      )
    pages.push(page)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol !== 'data:') origins.add(origin)
    })
    page.on('console', (message) => {
      const { url } = message.location()
      // The browser's own line about an answer of 400 or more, which some presses are about.
      const isRefusal = /^Failed to load resource: the server responded/.test(message.text())
      const isOfWorker =
        /\/(login|sessions?|session\/check|phone-number|open-data\/\w+|session-key\/[\w-]+|revoke|payments|sandbox\/(push|payment-callback))$/.test(
          url,
        )
      if (isRefusal && isOfWorker) return
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    await page.goto(dev.url())
    return page
  }

  /** Presses a button, and returns the arrows that it drew and what the page says they mean. */
  async function press(page: Page, id: string) {
    await page.click(`#steps [data-step="${id}"]`)
    return outcome(page, id)
  }

  /** Presses “Next”, which must name this step. */
  async function pressNext(page: Page, id: string) {
    await page.click('#next')
    const result = await outcome(page, id)
    const title = await page.textContent(`#steps [data-step="${id}"] b`)
    expect(await page.textContent('#diagram h2')).toBe(title)
    return result
  }

  /** Waits for the end of a step, and returns its result. */
  async function outcome(page: Page, id: string) {
    pressed.add(id)
    await page.waitForSelector('main[aria-busy="false"] #diagram .drawn')
    if (!(await fitsPhone(page))) misfits.add(id)
    const messages = await page.evaluate<Message[]>(MESSAGES)
    await expectServerValuesToStay(page, messages)
    const between = (from: string, to: string) =>
      messages.filter((message) => message.from === from && message.to === to)
    return {
      meaning: await page.textContent('#meaning'),
      diagram: await page.textContent('#diagram .messages'),
      toPhone: between('worker', 'phone'),
      toBackend: between('worker', 'backend'),
      toWeChat: between('worker', 'wechat').map(({ label }) => label),
      fromWeChat: between('wechat', 'worker').map(({ label }) => label),
    }
  }

  return {
    dev,
    openPage,
    press,
    pressNext,
    outcome,
    /** The ids of all buttons that were pressed. */
    pressed,
    /** The ids of those after which the page was too wide for a phone, or its diagram too low. */
    misfits,
    /** What the pages said in their consoles, and what they threw. */
    complaints,
    /** Where the pages sent requests. */
    origins,
    async closePages(): Promise<void> {
      for (const page of pages.splice(0)) await page.close()
    },
    async close(): Promise<void> {
      await browser.close()
      await dev.stop()
    },
  }
}

/** Whether an element is within the window and nothing covers it. */
export function isInSight(page: Page, selector: string): Promise<boolean> {
  return page.evaluate<boolean>(`(() => {
    const element = document.querySelector('${selector}')
    const { top, bottom, left, right } = element.getBoundingClientRect()
    if (top < 0 || bottom > innerHeight || right > innerWidth) return false
    const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
    return element === middle || element.contains(middle) || middle.contains(element)
  })()`)
}

/** On a phone: whether the page is as wide as the screen, and the diagram begins at its top. */
async function fitsPhone(page: Page): Promise<boolean> {
  if (page.viewportSize()?.width !== PHONE.width) return true
  if ((await page.evaluate<number>(SIDEWAYS)) !== 0) return false
  const title = await page.locator('#diagram h2').boundingBox()
  const isAtTop = title !== null && title.y >= 0 && title.y < 120
  return isAtTop && (await isInSight(page, '#diagram .messages > :first-child'))
}

/** Fails if the phone's arrows or KV show a value that must stay on the server. */
async function expectServerValuesToStay(page: Page, messages: readonly Message[]): Promise<void> {
  const phoneText = messages
    .filter(({ from, to }) => from === 'phone' || to === 'phone')
    .map(({ text }) => text)
    .join('\n')
  expect(phoneText).not.toMatch(/openid|unionid|session_key(?!_stale)|appsecret/i)
  const kv = await page.textContent('#kv')
  const values = [CREDENTIALS.WECHAT_APPSECRET, ...(await page.evaluate<string[]>(SERVER_VALUES))]
  for (const value of values) {
    expect(phoneText).not.toContain(value)
    expect(kv).not.toContain(value)
  }
}
