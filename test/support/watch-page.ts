/** The watch page under test: `npm run dev` on a port of its own, and a browser to press it in. */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { CREDENTIALS } from './environment'

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const hasBrowser = existsSync(CHROMIUM)

interface Message {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly text: string
}

export type Watch = Awaited<ReturnType<typeof openWatch>>

/** Run in the page, which has other globals than this file. */
const MESSAGES = `[...document.querySelectorAll('#scene .message')].map((message) => ({
  from: message.dataset.from,
  to: message.dataset.to,
  label: message.querySelector('.label').textContent,
  text: message.textContent,
}))`
const SERVER_VALUES = `[...document.querySelectorAll('#server .server-only')].map(
  (value) => value.textContent.replace('…', ''),
)`

export async function openWatch() {
  const dev = await startDev()
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const pages: Page[] = []
  const pressed = new Set<string>()
  const complaints: string[] = []
  const origins = new Set<string>()

  /** The page, on a phone of its own. */
  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ reducedMotion: 'reduce', ...options })
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
      const isOfWorker = /\/(login|sessions?|open-data\/\w+)$/.test(url)
      if (isRefusal && isOfWorker) return
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    await page.goto(dev.url)
    return page
  }

  /** Presses a button: the arrows it drew, and what the page says it means. */
  async function press(page: Page, id: string) {
    await page.click(`#presses [data-press="${id}"]`)
    return outcome(page, id)
  }

  /** What came of a press. */
  async function outcome(page: Page, id: string) {
    pressed.add(id)
    await page.waitForSelector('main[aria-busy="false"] #scene footer')
    const messages = await page.evaluate<Message[]>(MESSAGES)
    await expectServerValuesToStay(page, messages)
    const between = (from: string, to: string) =>
      messages.filter((message) => message.from === from && message.to === to)
    return {
      meaning: await page.textContent('#scene .meaning'),
      scene: await page.textContent('#scene .messages'),
      toPhone: between('worker', 'phone'),
      toWeChat: between('worker', 'wechat').map(({ label }) => label),
      fromWeChat: between('wechat', 'worker').map(({ label }) => label),
    }
  }

  return {
    url: dev.url,
    openPage,
    press,
    outcome,
    /** The ids of all buttons that were pressed. */
    pressed,
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

/** After every press: the phone's arrows and KV show nothing that belongs to the server. */
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

/** The command of `npm run dev`, with a port and a KV of its own. */
async function startDev() {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: { dev: string }
  }
  const [, ...args] = scripts.dev.split(' ')
  const state = mkdtempSync(join(tmpdir(), 'code2session-'))
  const own = ['--port', '0', '--inspector-port', '0', '--persist-to', state]
  const child = spawn(process.execPath, [...args, ...own], { stdio: ['ignore', 'pipe', 'pipe'] })
  const url = await readyUrl(child)
  async function stop(): Promise<void> {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await ended
    rmSync(state, { recursive: true, force: true })
  }
  return { url, stop }
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer) => {
      output += chunk
      const url = /Ready on (http:\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`npm run dev ended with ${code}: ${output}`)))
  })
}
