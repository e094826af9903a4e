/**
 * Runs the example mini program with miniprogram-simulate, which renders its pages. Tests tap its
 * buttons, and pass in the `wx` of mini-program-wx.ts.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { Window } from 'happy-dom'

export const ROOT = resolve('examples/miniprogram')

const require = createRequire(import.meta.url)

/** A rendered element, a component or a page. */
interface Rendered {
  readonly dom: { readonly textContent: string }
  readonly data: Readonly<Record<string, unknown>>
  readonly instance: Record<string, () => unknown>
  toJSON(): { readonly attrs: readonly { name: string; value: unknown }[] }
  querySelector(selector: string): Rendered | undefined
  querySelectorAll(selector: string): Rendered[]
  dispatchEvent(name: string, options?: { detail?: object }): void
  triggerPageLifeTime(name: 'show'): void
  attach(parent: unknown): void
  detach(): void
}

type Compiler = 'official' | 'simulate'

interface Simulate {
  load(path: string, tagName: string, options: { compiler: Compiler; rootPath: string }): string
  render(id: string): Rendered
}

const globals = globalThis as unknown as Record<string, unknown>
const window = new Window()
const { document, CustomEvent, TouchEvent } = window
// miniprogram-simulate looks for a browser when it is loaded.
Object.assign(globals, { window, document, CustomEvent, TouchEvent })
const simulate = require('miniprogram-simulate') as Simulate

/** WeChat's own compilers of WXML and WXSS: the package has binaries for some platforms only. */
export const weChatCompiler = createRequire(require.resolve('miniprogram-simulate'))(
  'miniprogram-compiler',
) as { wxmlToJs(root: string): string; wxssToJs(root: string): string }

export const compiler: Compiler = weChatCompilerRuns() ? 'official' : 'simulate'

function weChatCompilerRuns(): boolean {
  try {
    weChatCompiler.wxmlToJs(ROOT)
    return true
  } catch (error) {
    // An error without a code is about a page, and the test of the compilers reports it.
    return (error as NodeJS.ErrnoException).code === undefined
  }
}

/** The promises of handlers that have not settled. */
const running = new Set<Promise<unknown>>()

type Methods = Record<string, (...values: unknown[]) => unknown>

function trackMethods(methods: Methods): Methods {
  const wrap = (method: unknown) =>
    typeof method !== 'function'
      ? method
      : function (this: unknown, ...values: unknown[]) {
          const result = method.apply(this, values)
          if (result instanceof Promise) {
            const done = () => running.delete(result)
            running.add(result)
            result.then(done, done)
          }
          return result
        }
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, wrap(method)]),
  ) as Methods
}

const registerComponent = globals.Component as (definition: object) => void

globals.Component = ({ methods = {}, ...definition }: { methods?: Methods }) =>
  registerComponent({ ...definition, methods: trackMethods(methods) })

// miniprogram-simulate renders only components. A page has its methods at the top level.
globals.Page = ({ data, ...methods }: { data: object } & Methods) =>
  registerComponent({ data, methods: trackMethods(methods as Methods) })

globals.App = (app: object) => {
  globals.getApp = () => app
}

/** Resolves when no handler is running. */
async function settled(): Promise<void> {
  // An event is dispatched in a microtask.
  await new Promise(setImmediate)
  while (running.size > 0) {
    await Promise.allSettled(running)
    await new Promise(setImmediate)
  }
}

export interface Config {
  readonly baseUrl: string
  readonly sandbox: boolean
  readonly shop: string
}

export type MiniProgram = ReturnType<typeof startMiniProgram>

/** Starts the mini program with this `wx`, as a cold start does. */
export function startMiniProgram(wx: object, config: Partial<Config> = {}) {
  globals.wx = wx
  running.clear()
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(ROOT)) delete require.cache[file]
  }
  Object.assign(require(`${ROOT}/config.js`), config)
  require(`${ROOT}/app.js`)
  const { pages } = JSON.parse(readFileSync(`${ROOT}/app.json`, 'utf8')) as { pages: string[] }
  const opened = new Map<string, Rendered>()

  function open(path: string): Rendered {
    const id = simulate.load(`${ROOT}/${path}`, 'page', { compiler, rootPath: ROOT })
    const page = simulate.render(id)
    page.attach(document.createElement('div'))
    opened.set(path, page)
    return page
  }

  return {
    /** Switches to the tab of this page. */
    async show(name: string) {
      const path = pages.find((path) => path.endsWith(`/${name}`))
      if (!path) throw new Error(`app.json has no page ${name}`)
      const page = opened.get(path) ?? open(path)
      page.instance.onShow?.()
      page.querySelector('.privacy')?.triggerPageLifeTime('show')
      await settled()
      return createPage(page)
    },
  }
}

export type Page = ReturnType<typeof createPage>

/** A page as a test reads and taps it. */
function createPage(page: Rendered) {
  /** Finds elements on the page and in the components on it. */
  function find(selector: string): Rendered[] {
    const parts = ['.privacy', '.failure'].flatMap((part) => page.querySelector(part) ?? [])
    return [page, ...parts].flatMap((part) => part.querySelectorAll(selector))
  }

  function requireOne(selector: string): Rendered {
    const [found, ...others] = find(selector)
    if (!found || others.length > 0)
      throw new Error(`the page does not have exactly one ${selector}`)
    return found
  }

  function dispatch(selector: string, event: string, detail: object): void {
    const element = requireOne(selector)
    const { attrs } = element.toJSON()
    if (attrs.some(({ name, value }) => name === 'disabled' && value === true)) {
      throw new Error(`${selector} is disabled`)
    }
    element.dispatchEvent(event, { detail })
  }

  return {
    data: () => page.data,
    has: (selector: string) => find(selector).length > 0,
    text: (selector: string) => requireOne(selector).dom.textContent.trim(),
    texts: (selector: string) => find(selector).map(({ dom }) => dom.textContent.trim()),
    /** Taps without waiting for the handler to end. */
    begin: async (selector: string, event = 'tap', detail: object = {}) => {
      dispatch(selector, event, detail)
      await new Promise(setImmediate)
    },
    tap: async (selector: string, event = 'tap', detail: object = {}) => {
      dispatch(selector, event, detail)
      await settled()
    },
    settled,
    close: () => page.detach(),
  }
}
