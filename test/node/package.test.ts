/** The package as its users get it: packed, unpacked beside their other packages, and used. */

import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parse } from 'acorn'
import { buildSync, transformSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const GZIP_LIMIT = 5 * 1024
const ESM = 'dist/client.js'
const CJS = 'dist/miniprogram/client.js'
const CLIENT_EXPORTS = ['Code2SessionError', 'createClient']

/** What is already installed here, and what a user of the Worker or of the client has as well. */
const NEIGHBOURS = ['hono', 'valibot', '@cloudflare/workers-types', 'miniprogram-api-typings']

const workspace = mkdtempSync(join(tmpdir(), 'code2session-package-'))
const unpacked = join(workspace, 'node_modules/code2session')
const inPackage = (file: string) => join(unpacked, file)
const read = (file: string) => readFileSync(inPackage(file), 'utf8')
let tarball: string

beforeAll(() => {
  // It builds first: `prepare`.
  execFileSync('npm', ['pack', '--pack-destination', workspace], { stdio: 'pipe' })
  tarball = join(workspace, globSync('*.tgz', { cwd: workspace })[0] ?? '')
  mkdirSync(unpacked, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', unpacked])
  for (const name of NEIGHBOURS) {
    const link = join(workspace, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve('node_modules', name), link, 'junction')
  }
})
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

/** Writes a project beside the package, and gives its folder. */
function writeProject(name: string, files: Readonly<Record<string, string | object>>): string {
  const project = join(workspace, name)
  mkdirSync(project)
  for (const [file, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    writeFileSync(join(project, file), text)
  }
  return project
}

/** Runs a program: its exit code, and what it has printed. */
function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
  })
  return { status, output: stdout + stderr }
}

/** What `tsc` says about a project: nothing, if it is right. */
const typeErrors = (project: string, tsc: string) => run(tsc, '-p', project).output

const TSC = resolve('node_modules/typescript/bin/tsc')
const ATTW = 'node_modules/@arethetypeswrong/cli/dist/index.js'
const PUBLINT = 'node_modules/publint/src/cli.js'
/** Developer tools and editors of mini programs bring a TypeScript 5, as attw does. */
const TSC_5 = createRequire(resolve('node_modules/@arethetypeswrong/core/package.json')).resolve(
  'typescript/bin/tsc',
)

describe('the tarball', () => {
  it('the tarball holds the built package and its documents, and no source', () => {
    const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true })
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)))
    expect(files.sort()).toEqual([
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'dist/assets/_headers',
      'dist/assets/docs.css',
      'dist/assets/docs.html',
      'dist/assets/docs.js',
      'dist/assets/openapi-pay.json',
      'dist/assets/openapi.json',
      'dist/client.d.ts',
      'dist/client.js',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/miniprogram/client.d.ts',
      'dist/miniprogram/client.js',
      'dist/miniprogram/index.js',
      'dist/miniprogram/package.json',
      'dist/node.d.ts',
      'dist/node.js',
      'dist/pay.d.ts',
      'dist/pay.js',
      'dist/server-pay.js',
      'dist/server.js',
      'dist/server/node-version.js',
      'dist/server/payments.js',
      'dist/server/runtime.js',
      'dist/server/start-login.js',
      'dist/server/start-login2.js',
      'dist/server/start-payments.js',
      'dist/shared/frame.d.ts',
      'dist/shared/outcome.js',
      'package.json',
    ])
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
      mysql2: '^3',
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

  it.each([ESM, CJS])('%s is readable: it has its names, lines and docstrings', (file) => {
    expect(read(file).split('\n').length).toBeGreaterThan(300)
    expect(read(file)).toMatch(/\n ?\*\/\nfunction createClient\(options\) \{\n/)
  })

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
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024'],
      module: 'es2022',
      moduleResolution: 'bundler',
      types: ['@cloudflare/workers-types'],
      strict: true,
      isolatedModules: true,
      skipLibCheck: true,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: 'types',
    }
    const files = { 'index.ts': code, 'tsconfig.json': { compilerOptions } }
    expect(typeErrors(writeProject('worker', files), TSC)).toBe('')
  })

  it('a Worker compiles with the module resolution of Node', () => {
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types: ['@cloudflare/workers-types'],
      skipLibCheck: true,
    }
    const files = { 'index.mts': code, 'tsconfig.json': { compilerOptions } }
    expect(typeErrors(writeProject('worker-nodenext', files), TSC)).toBe('')
  })

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

  it.each([
    ['Cloudflare’s template', 'worker-pay', 'index.ts', 'es2022', 'bundler'],
    ['the module resolution of Node', 'worker-pay-nodenext', 'index.mts', 'nodenext', 'nodenext'],
  ])('a Worker with payments compiles with %s', (_, name, file, module, moduleResolution) => {
    const compilerOptions = {
      target: 'es2024',
      lib: ['es2024'],
      module,
      moduleResolution,
      strict: true,
      types: ['@cloudflare/workers-types'],
      noEmit: true,
      skipLibCheck: true,
    }
    const files = { [file]: payments, 'tsconfig.json': { compilerOptions } }
    expect(typeErrors(writeProject(name, files), TSC)).toBe('')
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
    const project = writeProject('worker-bundle', { 'index.ts': code })
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
    const compilerOptions = {
      target: 'es2020',
      lib: ['es2020'],
      module: 'commonjs',
      moduleResolution: 'node10',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types,
    }
    const code = `import { createClient } from 'code2session/client'\n${use}`
    const files = { 'app.ts': code, 'tsconfig.json': { compilerOptions } }
    expect(typeErrors(writeProject('template', files), TSC_5)).toBe('')
  })

  it('a mini program in TypeScript compiles with the module resolution of Node', () => {
    const compilerOptions = {
      target: 'es2018',
      lib: ['es2018'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      types,
    }
    const code = `import { createClient } from 'code2session/client'\n${use}\nexport {}`
    const files = { 'app.mts': code, 'app.cts': code, 'tsconfig.json': { compilerOptions } }
    expect(typeErrors(writeProject('nodenext', files), TSC)).toBe('')
  })

  it('a mini program in checked JavaScript compiles with the two files that it copied', () => {
    const compilerOptions = {
      target: 'es2018',
      lib: ['es2018'],
      module: 'commonjs',
      allowJs: true,
      checkJs: true,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types,
    }
    const project = writeProject('copied', {
      'app.js': `const { createClient } = require('./client')\n${use}`,
      'client.js': read(CJS),
      'client.d.ts': read(CJS.replace('.js', '.d.ts')),
      'tsconfig.json': { compilerOptions, files: ['app.js'] },
    })
    expect(typeErrors(project, TSC_5)).toBe('')
  })
})
