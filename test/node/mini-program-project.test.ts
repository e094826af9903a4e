/** The files of the example mini program are valid for WeChat's developer tools. */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compiler, ROOT, weChatCompiler } from '../support/mini-program'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const readJson = (file: string) => JSON.parse(read(file))
const has = (file: string) => existsSync(join(ROOT, file))
const listFiles = (pattern: string) => globSync(pattern, { cwd: ROOT }).sort()

const pages: string[] = readJson('app.json').pages
const components = listFiles('components/*/*.wxml').map((file) => file.replace('.wxml', ''))

/** The built-in components that the pages use. */
const BUILT_IN = ['block', 'button', 'form', 'image', 'input', 'text', 'view']

/** @see https://developers.weixin.qq.com/miniprogram/dev/component/button.html */
const OPEN_TYPES = ['agreePrivacyAuthorization', 'chooseAvatar', 'getPhoneNumber', 'openSetting']

/** The tags of a WXML file, each with its attributes. */
function parseTags(file: string) {
  return [...read(file).matchAll(/<([\w-]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g)].map(
    ([, name = '', attributes = '']) => ({
      name,
      attributes: [...attributes.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(
        ([, attribute = '', value = '']) => [attribute, value] as const,
      ),
    }),
  )
}

describe('the example project', () => {
  it('every page and component has its four files, and there are no others', () => {
    const parts = [...pages, ...components]
    const files = parts.flatMap((part) =>
      ['js', 'json', 'wxml', 'wxss'].map((type) => `${part}.${type}`),
    )
    expect(listFiles('{pages,components}/*/*')).toEqual(files.sort())
    expect(['app.js', 'app.wxss'].filter(has)).toEqual(['app.js', 'app.wxss'])
  })

  it('every page has a tab', () => {
    const { list } = readJson('app.json').tabBar
    expect(list.map(({ pagePath }: { pagePath: string }) => pagePath)).toEqual(pages)
  })

  it('every file that is referred to exists', () => {
    const { packOptions } = readJson('project.config.json')
    const references = [
      ...packOptions.ignore.map(({ value }: { value: string }) => value),
      ...pages.flatMap((page) =>
        Object.values<string>(readJson(`${page}.json`).usingComponents).map(
          (component) => `${component.slice(1)}.json`,
        ),
      ),
      ...listFiles('{*,pages/*/*,components/*/*,lib/*}.js').flatMap((file) =>
        [...read(file).matchAll(/\brequire\('([^']+)'\)/g)].map(([, target = '']) =>
          join(dirname(file), `${target}.js`),
        ),
      ),
    ]
    expect(references.length).toBeGreaterThan(20)
    expect(references.filter((file) => !has(file))).toEqual([])
  })

  it.each([...pages, ...components])('%s.wxml uses only components that exist', (part) => {
    const { usingComponents = {} } = readJson(`${part}.json`)
    const known = [...BUILT_IN, ...Object.keys(usingComponents)]
    const names = parseTags(`${part}.wxml`).map(({ name }) => name)
    // As many as there are `<`: the expression has missed no tag.
    expect(names.length).toBe(read(`${part}.wxml`).match(/<\w/g)?.length)
    expect(names.filter((name) => !known.includes(name))).toEqual([])
  })

  it.each(pages)('%s declares no component that it does not use', (page) => {
    const names = new Set(parseTags(`${page}.wxml`).map(({ name }) => name))
    const declared = Object.keys(readJson(`${page}.json`).usingComponents)
    expect(declared.filter((name) => !names.has(name))).toEqual([])
  })

  it.each([...pages, ...components])(
    '%s.js has exactly the handlers that its WXML binds',
    (part) => {
      const attributes = parseTags(`${part}.wxml`).flatMap((tag) => tag.attributes)
      const bound = attributes
        .filter(([name]) => /^(bind|catch)/.test(name))
        .map(([, value]) => value)
      const handlers = [...read(`${part}.js`).matchAll(/^ +(on[A-Z]\w*)\(/gm)].map(
        ([, name]) => name,
      )
      const ownHandlers = handlers.filter((name) => name !== 'onShow')
      expect(ownHandlers.sort()).toEqual([...new Set(bound)].sort())
    },
  )

  it('every button with an open-type binds the event of that open-type', () => {
    const buttons = [...pages, ...components]
      .flatMap((part) => parseTags(`${part}.wxml`))
      .map(({ attributes }) => Object.fromEntries(attributes))
      .filter((attributes) => attributes['open-type'])
    expect(buttons.map((button) => button['open-type']).sort()).toEqual(OPEN_TYPES)
    for (const button of buttons) {
      expect(button).toHaveProperty(`bind${button['open-type']?.toLowerCase()}`)
    }
  })

  it('the privacy component passes the id of its agree button to WeChat', () => {
    const button = parseTags('components/privacy/privacy.wxml').find(({ attributes }) =>
      attributes.some(([, value]) => value === 'agreePrivacyAuthorization'),
    )
    const { id } = Object.fromEntries(button?.attributes ?? [])
    expect(read('components/privacy/privacy.js')).toContain(`buttonId: '${id}'`)
  })

  // The package has WeChat's compilers for some platforms only.
  it.skipIf(compiler === 'simulate')(
    'WeChat’s own compilers accept every WXML and WXSS file',
    () => {
      const wxml = weChatCompiler.wxmlToJs(ROOT)
      const wxss = weChatCompiler.wxssToJs(ROOT)
      for (const part of [...pages, ...components]) {
        expect(wxml).toContain(`${part}.wxml`)
        expect(wxss).toContain(`${part}.wxss`)
      }
    },
  )
})
