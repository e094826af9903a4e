/**
 * The page at /docs and openapi.json, as the deployed Worker serves them, in headless Chromium.
 *
 * Without one, the tests in it are skipped.
 */

import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import { type Api, listErrorsOf, listProblems } from '../../openapi/api'
import { LOGIN_API } from '../../openapi/login/api'
import { TAGS } from '../../openapi/operation'
import { PAY_API } from '../../openapi/pay/api'
import { toSamples } from '../../openapi/samples'
import { type Browser, CHROMIUM, launchBrowser } from '../support/browser'

/** What an open operation shows, read in the page. */
interface Shown {
  readonly id: string
  readonly headings: string[]
  readonly samples: string[]
  readonly links: string[]
  /** The text of its list of errors. */
  readonly errors: string
  /** Fields whose type is empty. */
  readonly untyped: string[]
}

const READ_OPERATIONS = `[...document.querySelectorAll('details')].map((details) => ({
  id: details.id,
  headings: [...details.querySelectorAll('h4')].map((heading) => heading.textContent),
  samples: [...details.querySelectorAll('pre')].map((pre) => pre.textContent),
  links: [...details.querySelectorAll('a')].map((link) => link.getAttribute('href')),
  errors: details.querySelector('.errors')?.textContent ?? '',
  untyped: [...details.querySelectorAll('.fields li')]
    .filter((field) => !field.querySelector('.type')?.textContent)
    .map((field) => field.textContent),
}))`
const OPEN_ALL = `for (const details of document.querySelectorAll('details')) details.open = true`
const SIDEWAYS = 'document.documentElement.scrollWidth - innerWidth'
const DANGLING = `[...document.querySelectorAll('a[href^="#"]')]
  .map((link) => link.getAttribute('href'))
  .filter((href) => !document.getElementById(href.slice(1)))`
/** Entries of the error table that leave the screen, or lack a text. */
const BAD_ERRORS = `[...document.querySelectorAll('article')].filter((article) => {
  const boxes = [...article.children].map((part) => part.getBoundingClientRect())
  const isOutside = boxes.some(({ left, right }) => left < 0 || right > innerWidth)
  return isOutside || !/When: \\S.*What to do: \\S/.test(article.textContent)
}).map((article) => article.id)`

let server: TestHarness
let base: URL
/** On a phone. */
let page: Page
let browser: Browser
beforeAll(async () => {
  server = createTestHarness({
    workers: [{ configPath: 'wrangler.toml', secrets: { WECHAT_APPSECRET: 'nobody' } }],
  })
  base = (await server.listen()).url
  if (CHROMIUM.notice) return
  browser = await launchBrowser()
  page = browser.page
  await page.setViewportSize({ width: 375, height: 667 })
})
afterAll(async () => {
  await browser?.close()
  await server.close()
})

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

describe.skipIf(CHROMIUM.notice).each<[string, Api]>([
  ['/docs', LOGIN_API],
  ['/docs?pay', PAY_API],
])(`the page at %s${CHROMIUM.notice}`, (address, api) => {
  const { operations, sampleBase } = api
  let shown: Shown[]
  const complaints: string[] = []

  beforeAll(async () => {
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => complaints.push(message.text()))
    await openPage(address)
    await page.evaluate(OPEN_ALL)
    shown = await page.evaluate<Shown[]>(READ_OPERATIONS)
  })
  afterAll(() => page?.removeAllListeners())

  async function openPage(path: string, language = 'en-US'): Promise<void> {
    await browser.prefer([language])
    // Else a path that differs in its fragment would load nothing.
    await page.goto('about:blank')
    await page.goto(new URL(path, base).href)
    await page.waitForSelector('main:not([aria-busy])')
  }

  /** The server that the page shows: this one, or the example of another. */
  const shownBase = () => (api === LOGIN_API ? base.origin : sampleBase)

  it('the page complains about nothing in its console, and breaks no rule of its policy', () => {
    expect(complaints).toEqual([])
  })

  it('the page is not wider than a phone with every operation open', async () => {
    expect(await page.evaluate(SIDEWAYS)).toBe(0)
  })

  it('the page has no backtick, since code is set as code', async () => {
    expect(await page.textContent('main')).not.toContain('`')
    expect(await page.locator('details code').count()).toBeGreaterThan(operations.length)
  })

  it('the page shows every operation once, under the heading of its tag', async () => {
    expect(shown.map(({ id }) => id).toSorted()).toEqual(operations.map(({ id }) => id).toSorted())
    const tags = TAGS.filter(({ name }) => operations.some(({ tag }) => tag === name))
    expect(await page.locator('h2').allTextContents()).toEqual([
      ...tags.map(({ name }) => name),
      'Errors',
    ])
    expect(await page.textContent('#tag-health ~ details summary')).toContain('GET /health')
  })

  it.each(operations)(
    '$method $path has its samples, with the address of its server',
    (operation) => {
      const own = shown.find(({ id }) => id === operation.id)
      for (const { label, source } of toSamples(operation, sampleBase)) {
        expect(own?.headings).toContain(label)
        expect(own?.samples).toContain(source.replaceAll(sampleBase, shownBase()))
      }
    },
  )

  it.each(operations)(
    '$method $path has its errors, each with a link if it has an entry',
    (operation) => {
      const own = shown.find(({ id }) => id === operation.id)
      const codes = listErrorsOf(api, operation).map(({ code }) => code)
      const links = own?.links.filter((link) => link.startsWith('#error-'))
      const linked = operation.toFailure ? [] : codes
      expect(links?.toSorted()).toEqual(linked.map((code) => `#error-${code}`).toSorted())
      for (const code of codes) expect(own?.errors).toContain(code)
    },
  )

  it('every link within the page has a target', async () => {
    expect(await page.evaluate(DANGLING)).toEqual([])
  })

  it('every field of a request or response has a type', () => {
    expect(shown.flatMap(({ untyped }) => untyped)).toEqual([])
  })

  it('the error table has every code, with when and what to do, within the width of a phone', async () => {
    const codes = listProblems(api).map(({ code }) => code)
    expect(await page.locator('article h3').allTextContents()).toEqual(codes)
    expect(await page.evaluate(BAD_ERRORS)).toEqual([])
  })

  it('the page shows the base URL', async () => {
    expect(await page.textContent('#base')).toBe(shownBase())
  })

  it('the page says which API it shows, and links to the other one', async () => {
    expect([await page.title(), await page.textContent('h1')]).toEqual(
      Array(2).fill(`${api.title} API`),
    )
    const links = page.locator('#apis a')
    const current = await page.locator('#apis [aria-current]').getAttribute('href')
    expect(current).toBe(address.slice(1))
    expect(await links.count()).toBe(2)
    await page.click('#apis a:not([aria-current])')
    await page.waitForSelector('main:not([aria-busy])')
    expect(await page.textContent('h1')).not.toBe(`${api.title} API`)
    await page.goBack()
  })

  it('where the browser asks for Chinese, the words of the page itself are Chinese', async () => {
    await openPage(address, 'zh-CN')
    await page.evaluate(OPEN_ALL)
    const headings = await page.locator('h4').allTextContents()
    expect(new Set(headings.filter((text) => !/curl|fetch|Node|wx\./.test(text)))).toEqual(
      new Set(['请求', '错误', ...headings.filter((text) => /^响应 \d+$/.test(text))]),
    )
    expect(await page.textContent('main')).toMatch(/基础 URL.*，可选.*何时出现：.*怎么处理：/s)
    const own = await page.locator('.type, dt, nav, article b').allTextContents()
    expect(
      own.filter((text) =>
        /optional|characters|not empty|always|array of|When|What|Errors$/.test(text),
      ),
    ).toEqual([])
    expect(await page.evaluate(SIDEWAYS)).toBe(0)
    expect(complaints).toEqual([])
  })

  it('an address that names an operation opens it', async () => {
    const id = operations[1]?.id
    await openPage(`${address}#${id}`)
    expect(await page.locator('details[open]').count()).toBe(1)
    expect(await page.isVisible(`#${id} h4`)).toBe(true)
  })
})
