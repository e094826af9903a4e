/**
 * The watch page under test: `npm run dev`, and a browser that presses its buttons. All tests share
 * both, and one page of the browser.
 */

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import { type Browser, CHROMIUM, launchBrowser } from '../../support/browser'
import { type DevServer, startDev } from '../../support/dev-server'
import { CREDENTIALS } from '../../support/environment'

/** The screen of a small one, in CSS pixels. */
export const PHONE = { width: 360, height: 740 }

interface Message {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly text: string
}

/** What the user's device prefers. */
interface Preferences {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
  readonly reducedMotion?: 'reduce' | 'no-preference'
  readonly languages?: readonly string[]
  /** The machine's by default. */
  readonly timezoneId?: string
}

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

let dev: DevServer
let browser: Browser
let page: Page

/** The ids of all buttons that were pressed. */
export const pressed = new Set<string>()
/** The ids of those after which the page was too wide for a phone, or its diagram too low. */
export const misfits = new Set<string>()
/** What the page said in its console, and what it threw. */
export const complaints: string[] = []
/** Where the page sent requests. */
const origins = new Set<string>()

beforeAll(async () => {
  if (CHROMIUM.notice) return
  dev = await startDev()
  browser = await launchBrowser()
  page = browser.page
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
      /\/(login|sessions?|session\/(check|access-token)|phone-number|open-data\/\w+|session-key\/[\w-]+|forward-auth|revoke|payments|sandbox\/(push|payment-callback))$/.test(
        url,
      )
    if (isRefusal && isOfWorker) return
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
})

afterAll(async () => {
  await browser?.close()
  await dev?.stop()
})

/** Opens the page on a phone that knows nothing of it. */
export async function openPage({
  viewport = PHONE,
  colorScheme = 'light',
  reducedMotion = 'reduce',
  languages = ['en-US'],
  timezoneId = '',
}: Preferences = {}): Promise<Page> {
  await page.setViewportSize(viewport)
  await page.emulateMedia({ colorScheme, reducedMotion })
  await browser.prefer(languages)
  await browser.moveTo(timezoneId)
  // Other pages have none, and refuse to say so.
  if (page.url().startsWith(dev.url())) await page.evaluate('sessionStorage.clear()')
  await page.goto(dev.url())
  return page
}

/** Presses a button, and returns the arrows that it drew and what the page says they mean. */
export async function press(page: Page, id: string) {
  await page.click(`#steps [data-step="${id}"]`)
  return outcome(page, id)
}

/** Presses “Next”, which must name this step. */
export async function pressNext(page: Page, id: string) {
  await page.click('#next')
  const result = await outcome(page, id)
  const title = await page.textContent(`#steps [data-step="${id}"] b`)
  expect(await page.textContent('#diagram h2')).toBe(title)
  return result
}

/** Waits for the end of a step, and returns its result. */
export async function outcome(page: Page, id: string) {
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

/** Where the page sent requests, other than to its own server. */
export const foreignOrigins = () =>
  [...origins].filter((origin) => origin !== new URL(dev.url()).origin)

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
