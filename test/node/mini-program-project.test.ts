/** The files of the example mini program are valid for WeChat's developer tools. */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { compiler, ROOT, weChatCompiler } from '../support/mini-program'

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const readJson = (file: string) => JSON.parse(read(file))
const has = (file: string) => existsSync(join(ROOT, file))
const listFiles = (pattern: string) => globSync(pattern, { cwd: ROOT }).sort()

const pages: string[] = readJson('app.json').pages
const components = listFiles('components/*/*.wxml').map((file) => file.replace('.wxml', ''))

const color = v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/i))
const path = v.pipe(v.string(), v.regex(/^[\w-]+(\/[\w-]+)*$/))
const windowEntries = {
  navigationBarTitleText: v.string(),
  navigationBarBackgroundColor: color,
  navigationBarTextStyle: v.picklist(['black', 'white']),
  backgroundColor: color,
  backgroundTextStyle: v.picklist(['dark', 'light']),
}
const usingComponents = v.record(
  v.pipe(v.string(), v.regex(/^[a-z][a-z-]*$/)),
  v.pipe(v.string(), v.regex(/^\//)),
)

/** @see https://developers.weixin.qq.com/miniprogram/dev/reference/configuration/app.html */
const appSchema = v.strictObject({
  pages: v.pipe(v.array(path), v.minLength(1)),
  window: v.partial(v.strictObject(windowEntries)),
  tabBar: v.strictObject({
    color,
    selectedColor: color,
    backgroundColor: color,
    borderStyle: v.picklist(['black', 'white']),
    list: v.pipe(
      v.array(v.strictObject({ pagePath: path, text: v.string() })),
      v.minLength(2),
      v.maxLength(5),
    ),
  }),
  style: v.literal('v2'),
  lazyCodeLoading: v.literal('requiredComponents'),
  sitemapLocation: v.literal('sitemap.json'),
  __usePrivacyCheck__: v.literal(true),
})

/** @see https://developers.weixin.qq.com/miniprogram/dev/reference/configuration/page.html */
const pageSchema = v.strictObject({
  ...v.partial(v.object(windowEntries)).entries,
  usingComponents,
})

/** @see https://developers.weixin.qq.com/miniprogram/dev/framework/custom-component/ */
const componentSchema = v.strictObject({ component: v.literal(true) })

/** @see https://developers.weixin.qq.com/miniprogram/dev/reference/configuration/sitemap.html */
const sitemapSchema = v.strictObject({
  rules: v.array(v.strictObject({ action: v.picklist(['allow', 'disallow']), page: v.string() })),
})

const packRule = v.strictObject({
  type: v.picklist(['folder', 'file', 'suffix', 'prefix', 'regexp', 'glob']),
  value: v.string(),
})

/** @see https://developers.weixin.qq.com/miniprogram/dev/devtools/projectconfig.html */
const projectSchema = v.strictObject({
  description: v.string(),
  projectname: v.string(),
  appid: v.pipe(v.string(), v.regex(/^(touristappid|wx[0-9a-f]{16})$/)),
  compileType: v.literal('miniprogram'),
  libVersion: v.pipe(v.string(), v.regex(/^(latest|trial|widelyUsed|\d+\.\d+\.\d+)$/)),
  setting: v.record(
    v.picklist([
      'urlCheck',
      'es6',
      'enhance',
      'postcss',
      'minified',
      'minifyWXML',
      'minifyWXSS',
      'uploadWithSourceMap',
      'checkInvalidKey',
    ]),
    v.boolean(),
  ),
  packOptions: v.strictObject({ ignore: v.array(packRule), include: v.array(packRule) }),
})

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
  it.each<[string, v.GenericSchema]>([
    ['app.json', appSchema],
    ['sitemap.json', sitemapSchema],
    ['project.config.json', projectSchema],
    ...pages.map((page) => [`${page}.json`, pageSchema] as [string, v.GenericSchema]),
    ...components.map(
      (component) => [`${component}.json`, componentSchema] as [string, v.GenericSchema],
    ),
  ])('%s has only the fields and values that WeChat documents', (file, schema) => {
    expect(v.safeParse(schema, readJson(file)).issues).toBeUndefined()
  })

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
