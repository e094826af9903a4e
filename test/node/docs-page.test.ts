/**
 * The page at /docs and openapi.json, as the deployed Worker serves them, in headless Chromium.
 *
 * Without a Chromium the tests in it are skipped, and say so: see watch.test.ts.
 */

import { readFileSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import { LOGIN_API } from '../../openapi/login/api'
import { TAGS } from '../../openapi/operation'
import { toSamples } from '../../openapi/samples'
import { ERRORS } from '../../src/core/errors'
import { CHROMIUM, hasBrowser } from '../support/watch-page'

const notice = hasBrowser ? '' : ' (SKIPPED: no browser; apt-get install chromium, or set CHROMIUM)'
if (notice) console.warn(`the page at /docs is not tested${notice}`)

const { operations: OPERATIONS, sampleBase: SAMPLE_BASE } = LOGIN_API

/** What an open operation shows, read in the page. */
interface Shown {
  readonly id: string
  readonly headings: string[]
  readonly samples: string[]
  readonly links: string[]
  /** Fields whose type is empty. */
  readonly untyped: string[]
}

const READ_OPERATIONS = `[...document.querySelectorAll('details')].map((details) => ({
  id: details.id,
  headings: [...details.querySelectorAll('h4')].map((heading) => heading.textContent),
  samples: [...details.querySelectorAll('pre')].map((pre) => pre.textContent),
  links: [...details.querySelectorAll('a')].map((link) => link.getAttribute('href')),
  untyped: [...details.querySelectorAll('.fields li')]
    .filter((field) => !field.querySelector('.type')?.textContent)
    .map((field) => field.textContent),
}))`
const OPEN_ALL = `for (const details of document.querySelectorAll('details')) details.open = true`
const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth'
const DANGLING = `[...document.querySelectorAll('a[href^="#"]')]
  .map((link) => link.getAttribute('href'))
  .filter((href) => !document.getElementById(href.slice(1)))`
const GAPS = `[...document.querySelectorAll('summary h3')].map((heading) => {
  const [method, path] = heading.children
  return path.getBoundingClientRect().left - method.getBoundingClientRect().right
})`
/** Entries of the error table that leave the screen, or lack a text. */
const BAD_ERRORS = `[...document.querySelectorAll('article')].filter((article) => {
  const boxes = [...article.children].map((part) => part.getBoundingClientRect())
  const isOutside = boxes.some(({ left, right }) => left < 0 || right > innerWidth)
  return isOutside || !/When: \\S.*What to do: \\S/.test(article.textContent)
}).map((article) => article.id)`

let server: TestHarness
let base: URL
beforeAll(async () => {
  server = createTestHarness({
    workers: [{ configPath: 'wrangler.toml', secrets: { WECHAT_APPSECRET: 'nobody' } }],
  })
  base = (await server.listen()).url
})
afterAll(() => server.close())

describe('beside the Worker', () => {
  const get = (path: string) => fetch(new URL(path, base))

  it.each(['openapi.json', 'openapi-pay.json'])('GET /%s is served as a file', async (name) => {
    const response = await get(`/${name}`)
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    expect(await response.json()).toEqual(JSON.parse(readFileSync(`src/assets/${name}`, 'utf8')))
  })

  it('GET /docs is a page of our own files, with nothing from elsewhere', async () => {
    const page = await get('/docs')
    expect([page.status, page.headers.get('Content-Type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    for (const path of ['/docs', '/docs.js', '/docs.css']) {
      const file = await get(path)
      expect(file.status).toBe(200)
      expect(await file.text()).not.toMatch(/https?:\/\//)
    }
  })

  it.each(['/docs', '/docs.js', '/docs.css', '/openapi.json'])(
    'GET %s forbids sniffing, framing and foreign scripts',
    async (path) => {
      const { headers } = await get(path)
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      const policy = headers.get('Content-Security-Policy')
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/)
    },
  )

  it.each(['/nope', '/docsx', '/docs/x', '/docs.html.x', '/openapi.jsonx', '/_headers'])(
    'GET %s is answered by the Worker and not by a file',
    async (path) => {
      const response = await get(path)
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    },
  )

  it('GET / leads to the page at /docs', async () => {
    const response = await get('/')
    expect([response.url, response.status]).toEqual([new URL('/docs', base).href, 200])
  })
})

describe.skipIf(!hasBrowser)(`the page at /docs${notice}`, () => {
  let browser: Browser
  let page: Page
  let shown: Shown[]
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    page = await openPage('/docs')
    await page.evaluate(OPEN_ALL)
    shown = await page.evaluate<Shown[]>(READ_OPERATIONS)
  })
  afterAll(() => browser?.close())

  /** The page on a phone. */
  async function openPage(path: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 375, height: 667 } })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(new URL(path, base).href)
    await page.waitForSelector('main:not([aria-busy])')
    return page
  }

  it('the page complains about nothing in its console, and breaks no rule of its policy', () => {
    expect(complaints).toEqual([])
  })

  it('the page is not wider than a phone with every operation open', async () => {
    expect(await page.evaluate(SIDEWAYS)).toBe(0)
  })

  it('the page is not wider than a desktop', async () => {
    await page.setViewportSize({ width: 1280, height: 800 })
    expect(await page.evaluate(SIDEWAYS)).toBe(0)
    await page.setViewportSize({ width: 375, height: 667 })
  })

  it('the page has no backtick, since code is set as code', async () => {
    const text = await page.textContent('main')
    expect(text).toContain('wx.login')
    expect(text).not.toContain('`')
    expect(await page.textContent('#login > p')).toContain('code of wx.login')
    expect(await page.locator('#login > p code').first().textContent()).toBe('wx.login')
  })

  it('the page shows every operation once, under the heading of its tag', async () => {
    expect(shown.map(({ id }) => id).toSorted()).toEqual(OPERATIONS.map(({ id }) => id).toSorted())
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...TAGS.map(({ name }) => name),
      'Errors',
    ])
    expect(await page.textContent('#tag-health ~ details summary')).toContain('GET /health')
  })

  it('an operation leaves a space between its method and its path', async () => {
    const gaps = await page.evaluate<number[]>(GAPS)
    expect(gaps.length).toBe(OPERATIONS.length)
    for (const gap of gaps) expect(gap).toBeGreaterThan(4)
  })

  it.each(OPERATIONS)(
    '$method $path has its samples, with the address of this server',
    (operation) => {
      const own = shown.find(({ id }) => id === operation.id)
      for (const { label, source } of toSamples(operation, SAMPLE_BASE)) {
        expect(own?.headings).toContain(label)
        expect(own?.samples).toContain(source.replaceAll(SAMPLE_BASE, base.origin))
      }
    },
  )

  it('every operation but /health links to the errors it can come to', () => {
    for (const { id, links } of shown.filter(({ id }) => id !== 'health')) {
      expect(links, id).toContain('#error-internal_error')
    }
    const login = shown.find(({ id }) => id === 'login')
    expect(login?.links).toContain('#error-code_used')
  })

  it('every link within the page has a target', async () => {
    expect(await page.evaluate(DANGLING)).toEqual([])
  })

  it('every field of a request or response has a type', () => {
    expect(shown.flatMap(({ untyped }) => untyped)).toEqual([])
  })

  it('the error table has every code, with when and what to do, within the width of a phone', async () => {
    expect(await page.locator('article h3').allTextContents()).toEqual(Object.keys(ERRORS))
    expect(await page.evaluate(BAD_ERRORS)).toEqual([])
  })

  it('the page shows the base URL', async () => {
    expect(await page.textContent('#base')).toBe(base.origin)
  })

  it('an address that names an operation opens it', async () => {
    const page = await openPage('/docs#decryptData')
    expect(await page.locator('details[open]').count()).toBe(1)
    expect(await page.isVisible('#decryptData h4')).toBe(true)
    await page.close()
  })
})
