import { describe, expect, it, vi } from 'vitest'
import { createApp, requireSession } from '../src/index'
import type { Hooks, LoginDecision, LoginEvent } from '../src/login/hooks'
import { APPID, type LoginAnswer, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

/** A login that may fail. */
async function tryLogin(options: { user?: string; token?: string } = {}) {
  const { token, ...phone } = options
  const body = { code: await app.wxLogin(phone) }
  const response = await app.send('POST', '/login', { body, ...(token && { token }) })
  return { status: response.status, answer: await response.json<LoginAnswer & ProblemBody>() }
}

async function introspect(token: string): Promise<Record<string, unknown>> {
  const response = await app.request('/introspect', {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { Authorization: `Bearer ${SERVICE_KEY}` },
  })
  return response.json()
}

const useLoginHook = (onLogin: Hooks['onLogin']) =>
  app.replace({ hooks: { ...(onLogin && { onLogin }) } })

/** What a hook gives that is of no declared type. */
const answering = (decision: unknown) => useLoginHook(async () => decision as LoginDecision)

describe('the login hook', () => {
  it('The login hook is asked once per login, with what is known of the user', async () => {
    const asked: LoginEvent[] = []
    useLoginHook((login) => void asked.push(login))
    const code = await app.wxLogin()
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
    const headers = { ...init.headers, 'User-Agent': 'MicroMessenger/8' }
    const body = JSON.stringify({ code })
    const logins = await Promise.all(
      Array.from({ length: 10 }, () => app.request('/login', { ...init, headers, body })),
    )
    const answers = await Promise.all(logins.map((response) => response.json<LoginAnswer>()))
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1)
    expect(asked).toEqual([
      {
        appid: APPID,
        userId: answers[0]?.userId,
        openid: await app.getOpenid(),
        unionid: expect.stringMatching(/^oU/),
        userAgent: 'MicroMessenger/8',
      },
    ])
  })

  it.each([undefined, null])('A login hook that answers %s gives no claims', async (nothing) => {
    answering(nothing)
    const { token } = await app.login()
    expect(await introspect(token)).not.toHaveProperty('claims')
  })

  it('Claims come back from POST /introspect and requireSession, survive a reset, and never reach the phone', async () => {
    const claims = { role: 'admin', 标签: ['a', { b: null }], score: 1.5 }
    answering({ claims })
    const first = await tryLogin()
    expect(await introspect(first.answer.token)).toMatchObject({ claims })
    const reset = await app.send('POST', '/session/reset', { token: first.answer.token })
    const answer = await reset.json<LoginAnswer>()
    expect(await introspect(answer.token)).toMatchObject({ claims })
    const own = await app.send('GET', '/session', { token: answer.token })
    const list = await app.send('GET', '/sessions', { token: answer.token })
    for (const text of [first.answer, answer, await own.json(), await list.json()]) {
      expect(JSON.stringify(text)).not.toMatch(/claims|admin|标签/)
    }
  })

  it('A login with claims is one KV write', async () => {
    answering({ claims: { role: 'admin' } })
    await app.login()
    expect(app.kv.counts).toEqual({ get: 0, put: 1, delete: 0, list: 0 })
  })

  it('A denied login answers 403 login_denied, stores nothing and leaves the old session', async () => {
    let isDenied = false
    useLoginHook(() => (isDenied ? { deny: true } : null))
    const { token } = await app.login()
    isDenied = true
    const puts = app.kv.counts.put
    const { status, answer } = await tryLogin({ token })
    expect([status, answer]).toMatchObject([403, { code: 'login_denied', action: 'stop' }])
    expect([app.kv.counts.put, app.kv.counts.delete]).toEqual([puts, 0])
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })

  it('An entrypoint or object without onLogin is no login hook', async () => {
    app.replace({ hooks: {} })
    expect((await tryLogin()).status).toBe(200)
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const holey = Object.assign(new Array(1), { extra: 1 })
  const deep = Array.from({ length: 100_000 }).reduce<object>((inside) => ({ inside }), {})
  const shared = Array.from({ length: 40 }).reduce<unknown[]>((a) => [a, a], [])
  const thrower = (name: string, thrown: unknown) =>
    Object.defineProperty({}, name, {
      enumerable: true,
      get: () => {
        throw thrown
      },
    })
  it.each<[string, unknown]>([
    ['{deny: 1}', { deny: 1 }],
    ['{deny: false}', { deny: false }],
    ['{}', {}],
    ['a string', 'secret'],
    ['false', false],
    ['an array', ['secret']],
    ['a Map', new Map([['claims', {}]])],
    ['claims and something else', { claims: {}, secret: 1 }],
    ['claims undefined', { claims: undefined }],
    ['claims null', { claims: null }],
    ['claims as an array', { claims: ['secret'] }],
    ['claims of more than 1 KiB', { claims: { a: '中'.repeat(339) } }],
    ['a Date in claims', { claims: { at: new Date(0) } }],
    ['a Map in claims', { claims: { a: new Map() } }],
    ['NaN in claims', { claims: { a: Number.NaN } }],
    ['Infinity in claims', { claims: { a: Number.POSITIVE_INFINITY } }],
    ['undefined in claims', { claims: { a: undefined } }],
    ['a bigint in claims', { claims: { a: 1n } }],
    ['-0 in claims', { claims: { a: -0 } }],
    ['a lone surrogate in claims', { claims: { a: '\ud800' } }],
    ['a lone surrogate in the name of a claim', { claims: { '\ud800': 1 } }],
    ['a function in claims', { claims: { toJSON: () => 'secret' } }],
    ['a symbol in claims', { claims: { [Symbol('secret')]: 1 } }],
    ['an array with a hole in claims', { claims: { a: holey } }],
    ['a cycle in claims', { claims: cycle }],
    ['claims of 100,000 levels', { claims: deep }],
    ['claims that would be a trillion arrays in JSON', { claims: { shared } }],
    ['a claim that throws', { claims: thrower('secret', new Error('secret')) }],
    ['claims that throw', thrower('claims', new Error('secret'))],
    ['claims that throw a text', thrower('claims', 'secret')],
    ['a denial that throws null', thrower('deny', null)],
  ])('A login hook that answers %s fails closed with hook_unavailable', async (_, decision) => {
    answering(decision)
    const { status, answer } = await tryLogin()
    expect([status, answer]).toMatchObject([
      503,
      { code: 'hook_unavailable', action: 'login_again' },
    ])
    expect(app.kv.counts.put).toBe(0)
    expect(app.warnings).toHaveLength(1)
    expect(JSON.parse(app.warnings[0] ?? '')).toMatchObject({
      code: 'hook_unavailable',
      reason: expect.stringMatching(/^HOOKS\.onLogin gave /),
    })
    expect(app.warnings[0]).not.toContain('secret')
  })

  it('Claims may have exactly 1 KiB of UTF-8', async () => {
    const claims = { a: `${'中'.repeat(338)}xx` }
    expect(new TextEncoder().encode(JSON.stringify(claims))).toHaveLength(1024)
    answering({ claims })
    const { token } = await app.login()
    expect(await introspect(token)).toMatchObject({ claims })
  })

  const throwing = (thrown: unknown) => () => {
    throw thrown
  }
  it.each<[string, () => never]>([
    ['throws', throwing(new Error('secret'))],
    ['throws a text', throwing('secret')],
    ['throws undefined', throwing(undefined)],
    ['throws null', throwing(null)],
    [
      "throws the platform's error for a missing method",
      throwing(new TypeError('The RPC receiver does not implement the method "onLogin".')),
    ],
  ])('A login hook that %s fails closed', async (_, onLogin) => {
    const hooks: Hooks[] = [
      { onLogin },
      { onLogin: async () => onLogin() },
      Object.defineProperty({}, 'onLogin', { get: onLogin }),
    ]
    for (const hook of hooks) {
      app.replace({ hooks: hook })
      expect((await tryLogin()).answer.code).toBe('hook_unavailable')
      expect(app.kv.counts.put).toBe(0)
      expect(app.warnings[0]).toContain('HOOKS.onLogin failed')
      expect(app.warnings[0]).not.toContain('secret')
    }
  })

  it('A login hook that has not answered after 2 seconds fails closed', async () => {
    useLoginHook(() => {
      app.timeOut(2000)
      return new Promise(() => {})
    })
    expect((await tryLogin()).answer.code).toBe('hook_unavailable')
    expect(app.kv.counts.put).toBe(0)
    expect(app.warnings[0]).toContain('HOOKS.onLogin did not answer in time')
  })

  it('A binding HOOKS that is none is misconfigured', async () => {
    app.replace({ settings: { HOOKS: 'https://hooks.example' } })
    expect((await tryLogin()).answer.code).toBe('misconfigured')
    expect(app.warnings[0]).toContain('HOOKS must be a service binding')
  })
})

describe('hooks in the same Worker', () => {
  it('createApp takes hooks, and requireSession gives the claims to a route of the app', async () => {
    const { env } = await import('cloudflare:workers')
    const { createExecutionContext } = await import('cloudflare:test')
    const { Hono } = await import('hono')
    vi.stubGlobal('fetch', (request: Request) => app.sandbox.fetch(request))
    const own = new Hono()
      .route('/auth', createApp({ hooks: { onLogin: () => ({ claims: { role: 'admin' } }) } }))
      .get('/me', requireSession(), (c) => c.json(c.var.session.claims))
    const body = JSON.stringify({ code: await app.wxLogin() })
    const headers = { 'Content-Type': 'application/json' }
    const init = { method: 'POST', headers, body }
    const context = createExecutionContext()
    const response = await own.request('/auth/login', init, { ...env }, context)
    vi.unstubAllGlobals()
    const { token } = await response.json<LoginAnswer>()
    const me = { headers: { Authorization: `Bearer ${token}` } }
    const answer = await own.request('/me', me, { ...env }, context)
    expect([answer.status, await answer.json()]).toEqual([200, { role: 'admin' }])
  })
})
