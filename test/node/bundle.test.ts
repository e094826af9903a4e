/** The production bundle: its size, its inputs, and its contract over real HTTP. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltWorker, buildProduction } from '../support/built-worker'
import { type Environment, send as sendTo, startEnvironment } from '../support/environment'
import { FAULTS } from '../support/upstream'

const GZIP_LIMIT = 34 * 1024
/** Strings that only the sandbox's code contains. */
const SANDBOX_MARKS = ['/wx.login', 'getUserInfo:ok', '/sandbox']

let production: BuiltWorker
let environment: Environment

beforeAll(async () => {
  production = await buildProduction()
  environment = await startEnvironment()
})
afterAll(() => environment.close())

describe('the production bundle', () => {
  it('the production bundle is smaller than 34 KiB after gzip', () => {
    expect(gzipSync(production.code).length).toBeLessThan(GZIP_LIMIT)
  })

  it('the production bundle names no Unicode property, whose tables a cold start would load', () => {
    expect(production.code).not.toMatch(/\\p\{/i)
  })

  it('the production bundle contains no code of the sandbox or of a test', () => {
    expect(production.inputs.filter((input) => /sandbox|test\//.test(input))).toEqual([])
    for (const mark of SANDBOX_MARKS) {
      expect(environment.sandbox.code).toContain(mark)
      expect(production.code).not.toContain(mark)
    }
  })

  it('the production bundle contains nothing but src, hono and valibot', () => {
    const foreign = production.inputs.filter(
      (input) => !/^(src|node_modules\/(hono|valibot))\//.test(input),
    )
    expect(foreign).toEqual([])
  })

  it('the deployed Worker has no file of the watch page among its assets', () => {
    const directory = /\ndirectory = "(.*)"/.exec(readFileSync('wrangler.toml', 'utf8'))?.[1] ?? ''
    expect(readdirSync(directory)).toContain('docs.html')
    const page = readdirSync('sandbox/page').map((file) => join('sandbox/page', file))
    expect(page.filter((file) => !relative(directory, file).startsWith('..'))).toEqual([])
  })
})

describe('the production bundle over HTTP, with the sandbox in another process', () => {
  let login: Awaited<ReturnType<Environment['serve']>>
  beforeAll(async () => {
    login = await environment.serve(production)
  })

  async function send(method: string, path: string, token?: string, body?: object) {
    const options = { ...(token && { token }), ...(body && { body }) }
    const { status, headers, answer } = await sendTo(login.url, method, path, options)
    expect(headers.get('Cache-Control')).toBe('no-store')
    return { status, headers, answer: answer as Record<string, unknown> | null }
  }

  it.each(['GET', 'HEAD'])('%s / leads to /docs, is not cached, and is logged', async (method) => {
    const response = await fetch(login.url, { method, redirect: 'manual' })
    const names = ['Location', 'Cache-Control', 'X-Content-Type-Options']
    expect([response.status, ...names.map((name) => response.headers.get(name))]).toEqual([
      302,
      '/docs',
      'no-store',
      'nosniff',
    ])
    await login.findLog(new RegExp(`"method":"${method}","route":"/","status":302`))
  })

  it('only GET and HEAD of / lead anywhere', async () => {
    for (const [method, path] of [
      ['POST', '/'],
      ['DELETE', '/'],
      ['GET', '/index.html'],
    ] as const) {
      const response = await fetch(new URL(path, login.url), { method, redirect: 'manual' })
      expect([response.status, await response.json()]).toEqual([
        404,
        expect.objectContaining({ code: 'not_found' }),
      ])
    }
  })

  it.each([
    ['reset', 502],
    ['html', 502],
    ['cut', 502],
    ['half_closed', 502],
    ['large', 502],
    ['empty', 502],
  ] as const)(
    'a failed answer from WeChat is a wechat_unavailable and is not retried: %s',
    async (fault, status) => {
      const { code } = await environment.press('wx.login')
      const before = environment.upstream.calls()
      environment.upstream.next(FAULTS[fault])
      const { status: seen, answer } = await send('POST', '/login', undefined, { code })
      expect([seen, answer?.code]).toEqual([status, 'wechat_unavailable'])
      expect(environment.upstream.calls() - before).toBe(1)
    },
  )

  it('an answer from WeChat that is not complete after five seconds is a wechat_timeout', async () => {
    const began = Date.now()
    const logins = [FAULTS.hang, FAULTS.drip].map((fault, index) => {
      environment.upstream.next(fault)
      return send('POST', '/login', undefined, { code: `held-back-${index}` })
    })
    for (const { status, answer } of await Promise.all(logins)) {
      expect([status, answer?.code]).toEqual([504, 'wechat_timeout'])
    }
    expect(Date.now() - began).toBeGreaterThan(4900)
    expect(Date.now() - began).toBeLessThan(7000)
  })

  it('a WECHAT_API_BASE that refuses connections is a wechat_unavailable', async () => {
    await environment.upstream.close()
    const { status, answer } = await send('POST', '/login', undefined, { code: 'x' })
    expect([status, answer?.code]).toEqual([502, 'wechat_unavailable'])
  })
})
