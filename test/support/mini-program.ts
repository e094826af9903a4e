/**
 * The example mini program, run by miniprogram-simulate: its pages are rendered, its buttons
 * tapped. What `wx` gives comes from the phone of the sandbox, and what it sends goes there.
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

/** WeChat's own compilers of WXML and WXSS: binaries that the package has for some machines. */
export const weChatCompiler = createRequire(require.resolve('miniprogram-simulate'))(
  'miniprogram-compiler',
) as { wxmlToJs(root: string): string; wxssToJs(root: string): string }

export const compiler: Compiler = weChatCompilerRuns() ? 'official' : 'simulate'

function weChatCompilerRuns(): boolean {
  try {
    weChatCompiler.wxmlToJs(ROOT)
    return true
  } catch (error) {
    // Without a code it ran, and does not like a page: a test says so.
    return (error as NodeJS.ErrnoException).code === undefined
  }
}

/** What handlers have begun and not ended. */
const running = new Set<Promise<unknown>>()

type Methods = Record<string, (...values: unknown[]) => unknown>

function watched(methods: Methods): Methods {
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
  registerComponent({ ...definition, methods: watched(methods) })

// miniprogram-simulate renders components only, and a page differs in where its methods are.
globals.Page = ({ data, ...methods }: { data: object } & Methods) =>
  registerComponent({ data, methods: watched(methods as Methods) })

globals.App = (app: object) => {
  globals.getApp = () => app
}

/** Resolves when all that was tapped has come to its end. */
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
}

export type MiniProgram = ReturnType<typeof startMiniProgram>

/** Starts the mini program as a cold start does, with this `wx`. */
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
    /** Switches to the tab of a page. */
    async show(name: string) {
      const path = pages.find((path) => path.endsWith(`/${name}`))
      if (!path) throw new Error(`app.json has no page ${name}`)
      const page = opened.get(path) ?? open(path)
      page.instance.onShow?.()
      page.querySelector('.privacy')?.triggerPageLifeTime('show')
      await settled()
      return drive(page)
    },
  }
}

export type Page = ReturnType<typeof drive>

function drive(page: Rendered) {
  /** An element by its class: of the page, or of a component on it. */
  function find(selector: string): Rendered[] {
    const parts = ['.privacy', '.failure'].flatMap((part) => page.querySelector(part) ?? [])
    return [page, ...parts].flatMap((part) => part.querySelectorAll(selector))
  }

  function one(selector: string): Rendered {
    const [found, ...others] = find(selector)
    if (!found || others.length > 0) throw new Error(`not one ${selector} on this page`)
    return found
  }

  function dispatch(selector: string, event: string, detail: object): void {
    const element = one(selector)
    const { attrs } = element.toJSON()
    if (attrs.some(({ name, value }) => name === 'disabled' && value === true)) {
      throw new Error(`${selector} is disabled`)
    }
    element.dispatchEvent(event, { detail })
  }

  return {
    data: () => page.data,
    has: (selector: string) => find(selector).length > 0,
    text: (selector: string) => one(selector).dom.textContent.trim(),
    texts: (selector: string) => find(selector).map(({ dom }) => dom.textContent.trim()),
    /** Begins without waiting for the end. */
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
