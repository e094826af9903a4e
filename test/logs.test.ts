import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../src/core/runtime'
import { createHttpApp } from '../src/login/http/app'
import { redirectToDocs } from '../src/login/http/docs'
import { createSessionGuard } from '../src/login/http/require-session'
import { createService } from '../src/login/service'
import { workersRuntime } from '../src/workers/runtime'
import {
  APPID,
  KV_MILLISECONDS,
  NO_KEYS,
  type OpenData,
  type ProblemBody,
  useTestApp,
  WECHAT_MILLISECONDS,
} from './support/app'

const app = useTestApp()

/** A login waits for WeChat and for one write. */
const LOGIN_MILLISECONDS = WECHAT_MILLISECONDS + KV_MILLISECONDS

const SECRETS = {
  appsecret: 'appsecret-that-nobody-may-see',
  openid: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE',
  unionid: 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA',
  session_key: 'HyVFkGl5F5OQWJZZaNzBBg==',
  code: 'code-that-nobody-may-see',
}

describe('the log', () => {
  it('The log of every kind of failure contains no token, code, secret, key or openid', async () => {
    const { openid, unionid, session_key, code } = SECRETS
    const answers = [
      () => Response.json({ openid, unionid, session_key }),
      () => Response.json({ errcode: 40029, errmsg: `invalid code ${code}` }),
      () => Response.json({ errcode: 40125, errmsg: `invalid ${SECRETS.appsecret}, rid: 1-2-3` }),
      () => new Response(`<html>${openid}</html>`, { status: 502 }),
      () => new Response(`{"openid":"${openid}","session_key":"${session_key}"`),
      () => Response.json({ openid, session_key: `${session_key}x` }),
    ]
    const settings = { WECHAT_APPSECRET: SECRETS.appsecret, ...NO_KEYS }
    app.replace({
      settings,
      fetch: async ({ url }) => {
        const answer = answers.shift()
        if (!answer) throw new TypeError(`Fetch API cannot load: ${url}`)
        return answer()
      },
    })
    const send = (token?: string) =>
      app.send('POST', '/login', { body: { code }, ...(token && { token }) })
    const { token } = await (await send()).json<{ token: string }>()
    for (let failures = 0; failures < 6; failures++) expect((await send(token)).ok).toBe(false)
    app.kv.down.add('get')
    await app.send('GET', '/session', { token })
    app.kv.down.clear()
    const body = await app.press<OpenData>('wx.getUserInfo')
    await app.send('POST', '/open-data/decrypt', { token, body })
    await app.send('GET', `/${token}/${openid}`)

    const log = app.log.join('\n')
    expect(app.log).toHaveLength(10)
    for (const secret of [...Object.values(SECRETS), token, token.slice(44), token.slice(-42)]) {
      expect(log).not.toContain(secret)
    }
  })

  it('The log line of a failure names the route, the error and the setting to check', async () => {
    await app.press('fail', { errcode: 40164 })
    await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    expect(app.warnings.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'error',
        method: 'POST',
        route: '/login',
        status: 500,
        ms: WECHAT_MILLISECONDS,
        code: 'misconfigured',
        errcode: 40164,
        appid: 'wx4f4bc4dec97d474b',
        rid: '65f2a1b0-1c2d3e4f-5a6b7c8d',
        settings: [expect.stringContaining('IP allowlist')],
        reason: 'WeChat saw the IP 203.0.113.7',
      },
    ])
  })

  it('The log has one line for every request, with the milliseconds that it waited', async () => {
    const { token } = await app.login()
    await app.send('GET', '/session', { token })
    await app.send('GET', '/nope')
    await app.send('PUT', '/login')
    const info = { level: 'info', status: 200 }
    expect(app.log.map((line) => JSON.parse(line))).toEqual([
      { ...info, method: 'POST', route: '/login', ms: LOGIN_MILLISECONDS },
      { ...info, method: 'GET', route: '/session', ms: KV_MILLISECONDS, appid: APPID },
      { level: 'warn', method: 'GET', route: '/*', status: 404, ms: 0, code: 'not_found' },
      {
        level: 'warn',
        method: 'PUT',
        route: '/login',
        status: 405,
        ms: 0,
        code: 'method_not_allowed',
      },
    ])
  })

  it('Only the root redirects to /docs, and no URL that holds another one', () => {
    const redirect = (path: string) =>
      redirectToDocs(app.service(app.bindings), new Request(`https://login.example${path}`))
    expect(redirect('/?from=console')?.headers.get('Location')).toBe('/docs')
    for (const path of ['/health', '/x?at=https://login.example/']) {
      expect(redirect(path)).toBeNull()
    }
  })

  it('requireSession logs a request that it refuses, with the route and the reason', async () => {
    const guard = createSessionGuard((env) => app.service(env))
    const own = new Hono().get('/me', guard, (c) => c.body(null))
    expect((await own.request('/me', {}, app.bindings)).status).toBe(401)
    const line = { level: 'warn', method: 'GET', route: '/me', status: 401, ms: 0 }
    expect(app.log.map((text) => JSON.parse(text))).toEqual([{ ...line, code: 'session_required' }])
  })

  it.each([
    ['GET', '/health', 200, '/health'],
    ['DELETE', '/health', 405, '/health'],
    ['GET', '/sessions/something-personal', 405, '/sessions/:id'],
    ['PATCH', '/sessions/health', 405, '/sessions/:id'],
    ['PATCH', '/sessions/login', 405, '/sessions/:id'],
    ['PATCH', '/something-personal/login', 404, '/*'],
    ['PUT', '/wechat/events/wx1', 405, '/wechat/events/:appid'],
    ['GET', '/something-personal', 404, '/*'],
  ])('%s %s is logged with status %i and the route %s', async (method, path, status, route) => {
    await app.send(method, path)
    expect(JSON.parse(app.log[0] ?? '')).toMatchObject({ method, status, route })
  })

  it.each([
    ['/', '/login', 405, '/login'],
    ['/auth', '/auth/login', 405, '/auth/login'],
    ['/auth', '/auth/sessions/health', 405, '/auth/sessions/:id'],
    ['/t/:tenant', '/t/something-personal/login', 405, '/t/:tenant/login'],
    ['/t/:tenant', '/t/login/login', 405, '/t/:tenant/login'],
    ['/t/:tenant', '/t/something-personal/something-else', 404, '/*'],
    ['/t/:tenant/', '/t/something-personal/sessions/login', 405, '/t/:tenant/sessions/:id'],
    ['/t/:tenant{[a-z-]+}', '/t/something-personal/login', 405, '/t/:tenant{[a-z-]+}/login'],
  ])(
    'Mounted at %s, PATCH %s gets %i and is logged with the route %s',
    async (base, path, status, route) => {
      const log: LogEntry[] = []
      const service = createService({ ...workersRuntime, log: (entry) => void log.push(entry) })
      const parent = new Hono().route(base, createHttpApp(service))
      const response = await parent.request(path, { method: 'PATCH' }, env)
      expect([response.status, log]).toMatchObject([status, [{ method: 'PATCH', status, route }]])
    },
  )

  it.each([
    ['/introspect', 'SERVICE_KEYS'],
    ['/subscribe-messages', 'SERVICE_KEYS'],
    ['/wechat/events', 'WECHAT_PUSH_TOKEN'],
  ])('A request to %s logs that %s is not set, and its answer does not', async (path, setting) => {
    app.replace({ settings: { [setting]: undefined } })
    const response = await app.send('POST', path, { body: {} })
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.not.stringContaining(setting),
    ])
    const { settings } = JSON.parse(app.warnings[0] ?? '')
    expect(settings).toEqual([expect.stringMatching(`^${setting} is not set`)])
    expect(settings[0]).toContain('[secrets]')
  })

  it('The log names the operation of KV that failed and what KV said', async () => {
    const { token } = await app.login()
    app.kv.down.add('get')
    await app.send('GET', '/session', { token })
    expect(JSON.parse(app.warnings[0] ?? '')).toMatchObject({
      code: 'store_unavailable',
      reason: 'KV GET failed: 429 Too Many Requests',
    })
    const getWithMetadata = () => Promise.reject(new Error('KV'.repeat(51)))
    app.replace({ settings: { SESSIONS: { getWithMetadata } } })
    await app.send('GET', '/session', { token })
    expect(JSON.parse(app.warnings[0] ?? '').reason).toBe('KV'.repeat(50))
  })

  it('Analytics Engine gets one data point for every request if it is bound', async () => {
    const points: unknown[] = []
    const ANALYTICS = { writeDataPoint: (point: unknown) => points.push(point) }
    app.replace({ settings: { ANALYTICS } })
    const { token } = await app.login()
    await app.send('DELETE', '/sessions/something-personal', { token })
    expect(points).toEqual([
      {
        indexes: ['/login'],
        blobs: ['POST', '/login', '', ''],
        doubles: [200, LOGIN_MILLISECONDS],
      },
      {
        indexes: ['/sessions/:id'],
        blobs: ['DELETE', '/sessions/:id', 'not_found', APPID],
        doubles: [404, KV_MILLISECONDS],
      },
    ])
  })

  it('ANALYTICS that throws costs nobody a login, and is logged', async () => {
    for (const thrown of [new Error('private'), 'private']) {
      const writeDataPoint = () => {
        throw thrown
      }
      app.replace({ settings: { ANALYTICS: { writeDataPoint } } })
      const { token } = await app.login()
      expect((await app.send('GET', '/session', { token })).status).toBe(200)
      expect(app.log).toHaveLength(4)
      expect(app.warnings.map((line) => JSON.parse(line))).toEqual(
        Array(2).fill({ level: 'warn', reason: expect.stringContaining('ANALYTICS') }),
      )
    }
  })

  it.each(['private', null, undefined, { message: 'private' }])(
    'What is thrown and is no Error, such as %o, gets a problem document and a line in the log',
    async (thrown) => {
      const getWithMetadata = async () => ({
        value: null,
        get metadata() {
          throw thrown
        },
      })
      app.replace({ settings: { SESSIONS: { getWithMetadata } } })
      const token = `${'a'.repeat(43)}.${'a'.repeat(64)}`
      const response = await app.send('GET', '/session', { token })
      const { code } = await response.json<ProblemBody>()
      expect([response.status, code]).toEqual([500, 'internal_error'])
      const entry = { level: 'error', route: '/session', status: 500, code: 'internal_error' }
      expect(app.log.map((line) => JSON.parse(line))).toMatchObject([entry])
      expect(app.log[0]).not.toContain('private')
    },
  )

  it('The log says where an unexpected error was thrown, without its message', async () => {
    const get = () =>
      Promise.resolve({
        value: null,
        get metadata() {
          throw new Error('private at private')
        },
      })
    app.replace({ settings: { SESSIONS: { getWithMetadata: get } } })
    await app.send('GET', '/session', { token: `${'a'.repeat(43)}.${'a'.repeat(64)}` })
    const entry = JSON.parse(app.warnings[0] ?? '')
    expect(entry).toMatchObject({ level: 'error', code: 'internal_error' })
    expect(entry.reason).toMatch(/^Error at /)
    expect(entry.reason).not.toContain('private')
  })
})
