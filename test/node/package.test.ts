/** The package as its users get it: packed, unpacked beside their other packages, and used. */

import { cpSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'acorn'
import { buildSync, transformSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { readMarkdown } from '../support/markdown'
import { run, TSC_5, usePackage } from '../support/package'

const GZIP_LIMIT = 5 * 1024
const ESM = 'dist/client.js'
const CJS = 'dist/miniprogram/client.js'
const CLIENT_EXPORTS = ['Code2SessionError', 'createClient']

const { workspace, unpacked, tarball, inPackage, read, writeProject, compile } = usePackage()

const ATTW = 'node_modules/@arethetypeswrong/cli/dist/index.js'
const PUBLINT = 'node_modules/publint/src/cli.js'

describe('the tarball', () => {
  it('the tarball holds the built package and its documents, and no source', () => {
    const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)))
    const documents = 'LICENSE|README\\.md|README\\.zh-CN\\.md|package\\.json'
    const built = 'dist/[\\w/-]+\\.(js|d\\.ts)|dist/miniprogram/package\\.json|dist/assets/[\\w.-]+'
    const allowed = new RegExp(`^(${documents}|(client|pay)/package\\.json|${built})$`)
    expect(files.filter((file) => !allowed.test(file))).toEqual([])
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.zh-CN.md', 'dist/assets/docs.html']),
    )
  })

  it('attw finds no wrong types in the package, but that a require of code2session gets an ES module', () => {
    const { status, output } = run(ATTW, tarball, '--ignore-rules', 'cjs-resolves-to-esm')
    expect([status, output]).toEqual([0, expect.stringContaining('No problems found')])
  })

  it('publint finds nothing to improve in the package', () => {
    const { status, output } = run(PUBLINT, '--strict', tarball)
    expect([status, output]).toEqual([0, expect.stringContaining('All good!')])
  })

  it('the package makes npm install nothing else: what some of its users need are optional peers', () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      read('package.json'),
    )
    expect(dependencies).toBeUndefined()
    expect(peerDependencies).toEqual({
      '@hono/node-server': '^2',
      '@redis/client': '^6',
      hono: '^4.13',
      mysql2: '^3.18',
      valibot: '^1',
    })
    const meta = Object.values(peerDependenciesMeta)
    expect(meta).toEqual(Object.keys(peerDependencies).map(() => ({ optional: true })))
  })
})

describe('the built client', () => {
  it.each([
    [ESM, 'esm'],
    [CJS, 'cjs'],
  ] as const)(
    '%s is under 5 KiB when minified and gzipped, and imports nothing',
    (file, format) => {
      const { code } = transformSync(read(file), { minify: true, format })
      expect(gzipSync(code).length).toBeLessThan(GZIP_LIMIT)
      expect(code).not.toMatch(/\b(require\(|import\b)/)
    },
  )

  it.each([
    [ESM, 'module'],
    [CJS, 'script'],
  ] as const)('%s is ES2018, as a %s', (file, sourceType) => {
    expect(() => parse(read(file), { ecmaVersion: 2018, sourceType })).not.toThrow()
  })

  it('an import and a require of code2session/client give the built client', async () => {
    const require = createRequire(join(workspace, 'index.js'))
    const imported = await import(inPackage(ESM))
    expect(require.resolve('code2session/client')).toBe(inPackage(CJS))
    for (const module of [require('code2session/client'), imported]) {
      expect(Object.keys(module).sort()).toEqual(CLIENT_EXPORTS)
    }
  })

  it('WeChat’s "build npm" gives the client as the package and as its client file', () => {
    const { miniprogram } = JSON.parse(read('package.json'))
    const built = join(workspace, 'miniprogram_npm/code2session')
    cpSync(inPackage(miniprogram), built, { recursive: true })
    const require = createRequire(join(built, 'page.js'))
    for (const module of [require('./index'), require('./client')]) {
      expect(Object.keys(module).sort()).toEqual(CLIENT_EXPORTS)
    }
  })

  it('the example mini program has a copy of the built client: `npm run docs` writes it', () => {
    const copy = readFileSync('examples/miniprogram/lib/code2session.js', 'utf8')
    expect(copy).toBe(read(CJS))
  })
})

describe('a Worker with its own Hono app', () => {
  const options = { target: 'es2024', lib: ['es2024'], types: ['@cloudflare/workers-types'] }
  const code = `
    import { createApp, createLoginService, requireSession } from 'code2session'
    import { Hono } from 'hono'

    const app = new Hono()
    app.route('/auth', createApp())
    app.get('/me', requireSession(), (c) => {
      // @ts-expect-error A userId is a string: the types have arrived.
      const wrong: number = c.var.session.userId
      return c.json({ you: c.var.session.userId, wrong })
    })
    export default app

    declare const options: Parameters<typeof createLoginService>
    export class LoginService extends createLoginService(...options) {}
    export const loginService = createLoginService(...options)
  `

  it('a Worker compiles in Cloudflare’s template, with declarations and no lib but ES2024', () => {
    const template = { ...options, module: 'es2022', moduleResolution: 'bundler' }
    const declarations = { noEmit: false, declaration: true, emitDeclarationOnly: true }
    const all = { ...template, ...declarations, isolatedModules: true, outDir: 'types' }
    expect(compile({ 'index.ts': code }, all)).toBe('')
  })

  it('a Worker compiles with the module resolution of Node', () => {
    expect(compile({ 'index.mts': code }, { ...options, module: 'nodenext' })).toBe('')
  })

  it.each(globSync('docs/*.md').flatMap(readBindings))(
    'the binding in %s is typed where Workers’ types are imported, as SvelteKit and Nitro do it',
    (_, imports, type, name) => {
      const source = `
        ${imports}
        import type { Queue, Service } from '@cloudflare/workers-types'
        type Check = object
        ${type}
        export function call(env: Env) {
          // @ts-expect-error There is no such method: the type is not any.
          return env.${name}.nonsense()
        }
        export type Used = [Queue, Service, Check]
      `
      const framework = { target: 'es2024', module: 'es2022', moduleResolution: 'bundler' }
      expect(compile({ 'index.ts': source }, { ...framework, types: [] })).toBe('')
    },
  )

  /** The imports, the type and the name of each service binding in a document's TypeScript. */
  function readBindings(path: string): [string, string, string, string][] {
    return readMarkdown(path)
      .codeBlocks.filter(({ language }) => language === 'ts')
      .flatMap(({ source }) => {
        const [type = '', name = ''] = /^type Env = \{ (LOGIN|PAY): .*$/m.exec(source) ?? []
        const imports = source.match(/^import .*'code2session.*'$/gm)?.join('\n') ?? ''
        return type === '' ? [] : [[path, imports, type, name] as [string, string, string, string]]
      })
  }

  const payments = `
    import { Hono } from 'hono'
    import { createPaymentApp, createPaymentService, type PaymentEvent } from 'code2session/pay'

    const hooks = {
      onPayment(event: PaymentEvent) {
        // @ts-expect-error A key is a string: the types have arrived.
        const wrong: number = event.key
        return 'payment' in event ? event.payment.openid : wrong
      },
    }
    export default new Hono().route('/', createPaymentApp({ hooks }))
    export class PaymentService extends createPaymentService() {}
  `

  it('a Worker with payments compiles with the module resolution of Node', () => {
    expect(compile({ 'index.mts': payments }, { ...options, module: 'nodenext' })).toBe('')
  })

  it('an import of code2session brings no code of payments', () => {
    const imports = (file: string) =>
      [...read(file).matchAll(/from ["'](\.\/[^"']+)/g)].map(([, path = '']) => join('dist', path))
    const reached = new Set(['dist/index.js'])
    for (const file of reached) for (const path of imports(file)) reached.add(path)
    for (const file of reached) expect(read(file)).not.toContain('WECHATPAY2')
    expect(read('dist/pay.js')).toContain('WECHATPAY2')
  })

  it('a Worker with Hono has one hono in its bundle, and not a second', () => {
    const project = writeProject({ 'index.ts': code })
    const { metafile } = buildSync({
      entryPoints: [join(project, 'index.ts')],
      bundle: true,
      format: 'esm',
      external: ['cloudflare:*'],
      write: false,
      metafile: true,
      preserveSymlinks: true,
      absWorkingDir: workspace,
    })
    const packages = Object.keys(metafile.inputs)
      .filter((input) => input.includes('node_modules/'))
      .map((input) => input.replace(/(.*node_modules\/[^/]+)\/.*/, '$1'))
    expect([...new Set(packages)].sort()).toEqual([
      'node_modules/code2session',
      'node_modules/hono',
      'node_modules/valibot',
    ])
  })
})

describe('a mini program', () => {
  const use = `
    const client = createClient({ baseUrl: 'https://login.example', wx })
    client.ready().then(({ token }) => {
      // @ts-expect-error A token is a string: the types have arrived.
      const wrong = token.missing
      return wrong
    })
    // @ts-expect-error There is no such option.
    createClient({ baseUrl: 'https://login.example', baseURL: '' })
  `
  const types = ['miniprogram-api-typings']

  it('a mini program in TypeScript compiles in WeChat’s template: CommonJS and node10', () => {
    const code = `import { createClient } from 'code2session/client'\n${use}`
    const options = { target: 'es2020', lib: ['es2020'], module: 'commonjs', types }
    expect(compile({ 'app.ts': code }, { ...options, moduleResolution: 'node10' }, TSC_5)).toBe('')
  })

  it('a mini program in checked JavaScript compiles with the two files that it copied', () => {
    const options = { target: 'es2018', lib: ['es2018'], module: 'commonjs', types }
    const files = {
      'app.js': `const { createClient } = require('./client')\n${use}`,
      'client.js': read(CJS),
      'client.d.ts': read(CJS.replace('.js', '.d.ts')),
    }
    expect(compile(files, { ...options, allowJs: true, checkJs: true }, TSC_5)).toBe('')
  })
})
