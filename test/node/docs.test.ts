/** The documents: both languages, their links, and what they say of the source. */

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../openapi/login/operations'
import { PAY_OPERATIONS } from '../../openapi/pay/operations'
import { listSettings } from '../../src/login/config'
import { listPaySettings } from '../../src/pay/config'
import { readCode, readMarkdown, readTable } from '../support/markdown'

const DOCS = globSync('docs/*.md').toSorted()
/** A document in English and in Chinese. */
const PAIRS: [string, string][] = [
  ['README.md', 'README.zh-CN.md'],
  ['examples/miniprogram/README.md', 'examples/miniprogram/README.zh-CN.md'],
  ['examples/hooks/README.md', 'examples/hooks/README.zh-CN.md'],
  ...DOCS.map((path): [string, string] => [path, path.replace('docs/', 'docs/zh-CN/')]),
]
const DOCUMENTS = [
  ...PAIRS.flat(),
  'CHANGELOG.md',
  ...globSync('.github/*.md'),
  ...globSync('examples/*/README.md').filter((path) => !PAIRS.flat().includes(path)),
]

/** What docs/api.md has a row of its own for. */
const LISTED = OPERATIONS.filter(
  ({ path }) => !/^.(?:wechat.events.{appid}|wechat.api.{path}|forward-auth)$/.test(path),
)

describe('the documents in two languages', () => {
  it('every document in docs/zh-CN has an English one', () => {
    const chinese = globSync('docs/zh-CN/*.md').toSorted()
    expect(chinese.map((path) => path.replace('/zh-CN', ''))).toEqual(DOCS)
  })

  it.each(PAIRS)('%s and %s have the same headings', (english, chinese) => {
    const levels = (path: string) => readMarkdown(path).headings.map(({ level }) => level)
    expect(levels(chinese)).toEqual(levels(english))
  })

  it.each(PAIRS)('%s and %s have the same code blocks', (english, chinese) => {
    expect(readMarkdown(chinese).codeBlocks).toEqual(readMarkdown(english).codeBlocks)
  })
})

describe('the links of the documents', () => {
  it.each(DOCUMENTS)('every relative link in %s leads to a file and a heading', (path) => {
    const broken = readMarkdown(path).links.filter((link) => {
      if (/^(?:https?|mailto):/.test(link)) return false
      const [file = '', anchor] = decodeURI(link).split('#')
      const target = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(target)) return true
      return anchor !== undefined && !readMarkdown(target).anchors.has(anchor)
    })
    expect(broken).toEqual([])
  })

  it.each(DOCS)('%s is linked from README.md', (path) => {
    expect(readMarkdown('README.md').links.map((link) => link.split('#')[0])).toContain(path)
  })
})

describe('what the documents say of the source', () => {
  it.each([
    ['README.md', 170],
    ['README.zh-CN.md', 170],
    ['docs/performance.md', 150],
    ['docs/zh-CN/performance.md', 150],
  ])('%s has at most %d lines', (path, most) => {
    expect(readFileSync(path, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(most)
  })

  it.each([
    ['README.md', '## Settings'],
    ['README.zh-CN.md', '## 配置项'],
  ])('%s lists every setting, and no other', (path, heading) => {
    const listed = readTable(path, heading).flatMap(([name = '']) => readCode(name))
    expect(listed.toSorted()).toEqual(listSettings().toSorted())
  })

  it.each(['docs/api.md', 'docs/zh-CN/api.md'])(
    '%s lists every operation, and no other',
    (path) => {
      const rows = readFileSync(path, 'utf8').matchAll(/^\| \[`((?:GET|POST|DELETE|ANY) \S+)`\]/gm)
      const described = LISTED.map(
        ({ method, path }) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
      )
      described.push('ANY /forward-auth', 'ANY /wechat/api/*')
      expect([...rows].map(([, request]) => request).toSorted()).toEqual(described.toSorted())
    },
  )

  it.each(['docs/api.md', 'docs/zh-CN/api.md'])(
    'the session id in %s is the name of the record in its token',
    (path) => {
      const text = readFileSync(path, 'utf8')
      const [, secret = ''] = /"token": "[\w-]+\.([\w-]+)"/.exec(text) ?? []
      const name = Buffer.from(secret, 'base64url').subarray(0, 16).toString('base64url')
      expect(text).toContain(`"id": "${name}"`)
    },
  )

  it.each([
    ['docs/payments.md', '### Settings'],
    ['docs/zh-CN/payments.md', '### 配置项'],
  ])('%s lists every setting of the payments Worker, and no other', (path, heading) => {
    const listed = readTable(path, heading).flatMap(([name = '']) => readCode(name))
    expect(listed.toSorted()).toEqual(listPaySettings().toSorted())
  })

  it.each([
    ['docs/payments.md', '## Endpoints'],
    ['docs/zh-CN/payments.md', '## 接口'],
  ])('%s lists every endpoint of the payments Worker', (path, heading) => {
    const listed = readTable(path, heading).flatMap(([request = '']) => readCode(request))
    const described = PAY_OPERATIONS.filter(({ id }) => id !== 'health').map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    )
    expect(listed).toEqual(described)
  })

  const RPC = OPERATIONS.flatMap(({ rpc }) => rpc ?? [])
  const PAY_RPC = PAY_OPERATIONS.filter(({ tag }) => tag === 'Backend').map(({ id }) => id)

  it.each([
    ['docs/backends.md', '## Another Worker', RPC],
    ['docs/zh-CN/backends.md', '## 另一个 Worker', RPC],
    ['docs/payments.md', '### RPC', PAY_RPC],
    ['docs/zh-CN/payments.md', '### RPC', PAY_RPC],
  ])('%s lists every RPC method under %s, and no other', (path, heading, methods) => {
    const calls = readTable(path, heading).flatMap(([cell = '']) => readCode(cell))
    const listed = calls.map((call) => call.replace(/\(.*/, ''))
    expect(listed.toSorted()).toEqual([...new Set(methods)].toSorted())
  })

  it.each(['docs/security.md', 'docs/zh-CN/security.md'])(
    'every test that %s names exists',
    (path) => {
      const named = readFileSync(path, 'utf8').match(/\btest\/[\w/.-]+\.ts\b/g) ?? []
      expect(named.length).toBeGreaterThan(10)
      expect(named.filter((file) => !existsSync(file))).toEqual([])
    },
  )

  it.each([
    ['docs/operations.md', '### Fields'],
    ['docs/zh-CN/operations.md', '### 字段'],
  ])('%s lists every field of a log line, and no other', (path, heading) => {
    const fields = readTable(path, heading).flatMap(([name = '']) => readCode(name))
    const declared = [
      ...readFieldNames('src/core/runtime.ts', 'LogEntry'),
      ...readFieldNames('src/core/problem.ts', 'ProblemLog'),
    ]
    expect(declared.length).toBeGreaterThan(5)
    expect(fields.toSorted()).toEqual(declared.toSorted())
  })
})

/** The names of an interface's fields. A type is gone at run time, so its source is read. */
function readFieldNames(path: string, name: string): string[] {
  const source = readFileSync(path, 'utf8')
  const [, body = ''] =
    new RegExp(`^export interface ${name} .*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source) ?? []
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field)
}

describe('the TypeScript in the documents', () => {
  it('every block of TypeScript in README.md and docs/ type-checks', () => {
    const blocks = ['README.md', ...DOCS].flatMap((path) =>
      readMarkdown(path)
        .codeBlocks.filter(({ language }) => language === 'ts')
        .map(({ source }) => ({ path, source })),
    )
    expect(blocks.length).toBeGreaterThan(5)
    expect(typeCheck(blocks)).toBe('')
  })

  it('the module for uni-app is among them, as the compiler sees it: with both of its branches', () => {
    const blocks = readMarkdown('docs/client.md').codeBlocks
    const own = blocks.filter(({ source }) => source.includes('#ifdef MP-WEIXIN'))
    expect(own.map(({ language }) => language)).toEqual(['ts'])
  })

  it('a block with a wrong type is reported with its document', () => {
    const source = "import { createClient } from 'code2session/client'\ncreateClient({ base: 1 })\n"
    expect(typeCheck([{ path: 'docs/made-up.md', source }])).toMatch(/docs_made-up\.0\.ts.*'base'/)
  })
})

/** What uni-app's typings say of the call in docs/client.md. */
const UNI =
  'declare const uni: { request(options: { url: string; data?: object | string }): Promise<unknown> }'

/** What tsc says of these blocks: those for a phone with WeChat's typings, the others with Workers'. */
function typeCheck(blocks: readonly { path: string; source: string }[]): string {
  const folder = mkdtempSync(resolve('node_modules', '.docs-'))
  try {
    const names = blocks.map(({ path, source }, index) => {
      const name = `${path.replace(/\.md$/, '').replaceAll('/', '_')}.${index}.ts`
      writeFileSync(join(folder, name), `${source}\nexport {}\n`)
      return { name, isForPhone: source.includes('code2session/client') }
    })
    writeFileSync(join(folder, 'uni.d.ts'), UNI)
    const toNames = (isForPhone: boolean) =>
      names.filter((name) => name.isForPhone === isForPhone).map(({ name }) => name)
    return [
      runCompiler(folder, [...toNames(true), 'uni.d.ts'], {
        types: ['miniprogram-api-typings'],
        lib: ['es2022'],
      }),
      runCompiler(folder, toNames(false), { types: ['@cloudflare/workers-types'] }),
    ].join('')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runCompiler(folder: string, files: readonly string[], compilerOptions: object): string {
  if (files.length === 0) return ''
  const paths = {
    code2session: [resolve('src/index.ts')],
    'code2session/client': [resolve('src/client/index.ts')],
    'code2session/pay': [resolve('src/pay.ts')],
  }
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: { ...compilerOptions, paths, noUnusedLocals: false },
    include: [],
    exclude: [],
    files,
  }
  const path = join(folder, 'tsconfig.json')
  writeFileSync(path, JSON.stringify(config))
  try {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', path])
    return ''
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout)
  }
}
