/** The other doors: RPC between two real Workers, and the login inside a Hono app of one's own. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginService } from '../../src/worker'
import { build } from '../support/built-worker'
import { APPID, openStage, type Stage, send } from '../support/environment'

/** Another Worker of the developer: `POST /rpc/verify` with the arguments as JSON, else HTTP. */
const CALLER = `export default {
  async fetch(request, env) {
    const [, door, method] = new URL(request.url).pathname.split('/')
    const target = { rpc: env.LOGIN, default: env.HTTP }[door]
    if (!target) return env.HTTP.fetch(request)
    try {
      return Response.json((await target[method](...(await request.json()))) ?? null)
    } catch (error) {
      return Response.json({ thrown: error.message }, { status: 500 })
    }
  },
}`

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

describe('LoginService over a service binding', () => {
  let login: URL
  beforeAll(async () => {
    const production = build({ config: 'wrangler.toml', main: 'worker' })
    login = (await stage.play(production, { caller: CALLER })).url
  })

  /** Calls a method from the other Worker. */
  async function call(method: keyof LoginService | 'outcome' | 'env', ...args: unknown[]) {
    const { answer } = await send(login, 'POST', `/rpc/${method}`, { body: args })
    return answer as Record<string, unknown>
  }

  it('verify tells whose token it is', async () => {
    const token = await stage.logIn(login, 'alice')
    expect(await call('verify', token)).toEqual({
      ok: true,
      session: {
        userId: token.slice(0, 43),
        appid: APPID,
        openid: expect.stringMatching(/^o/),
        unionid: expect.stringMatching(/^oU/),
        createdAt: expect.stringMatching(/Z$/),
        expiresAt: expect.stringMatching(/Z$/),
      },
    })
  })

  it('refuses with an outcome and never with an exception, whatever it is given', async () => {
    for (const token of ['nonsense', '', null, 7, { toString: 'x' }]) {
      expect(await call('verify', token)).toMatchObject({
        ok: false,
        error: { code: 'session_invalid', status: 401, action: 'login_again' },
      })
    }
    expect(await call('decrypt', 'nonsense', null)).toMatchObject({ ok: false })
    expect(await call('revokeUser', '../x')).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', errors: [{ path: 'userId' }] },
    })
  })

  it('decrypt opens what HTTP would open, and refuses what HTTP would refuse', async () => {
    const token = await stage.logIn(login, 'alice')
    const data = await stage.phone('wx.getUserInfo')
    const { rawData, signature, encryptedData, iv } = data
    expect(await call('decrypt', token, { rawData, signature, encryptedData, iv })).toEqual({
      ok: true,
      data: data.userInfo,
      timestamp: expect.stringMatching(/Z$/),
    })
    const missing = await call('decrypt', token, { encryptedData })
    expect(missing).toMatchObject({ ok: false, error: { errors: [{ path: 'iv' }] } })
    await stage.phone('wx.login', { rotate: true })
    const newer = await stage.phone('wx.getUserInfo')
    expect(await call('decrypt', token, { ...newer })).toMatchObject({
      ok: false,
      error: { code: 'session_key_stale' },
    })
  })

  it('revokeUser ends all sessions of a user', async () => {
    const tokens = [await stage.logIn(login, 'mallory'), await stage.logIn(login, 'mallory')]
    expect(await call('revokeUser', tokens[0]?.slice(0, 43))).toEqual({ ok: true })
    for (const token of tokens) expect(await call('verify', token)).toMatchObject({ ok: false })
  })

  it('sendSubscribeMessage sends one, without a service key: the binding is the credential', async () => {
    const token = await stage.logIn(login, 'trent')
    const { session } = await call('verify', token)
    const message = {
      openid: (session as { openid: string }).openid,
      templateId: 'sandbox-template',
      data: { thing1: 'Your order', time2: '12:00' },
    }
    await stage.phone('wx.requestSubscribeMessage', { user: 'trent' })
    expect(await call('sendSubscribeMessage', message)).toEqual({ ok: true })
    expect(await call('sendSubscribeMessage', message)).toMatchObject({
      ok: false,
      error: { code: 'message_refused', errcode: 43101 },
    })
  })

  it('has no other method that a caller can reach', async () => {
    for (const method of ['outcome', 'env'] as const) {
      expect(await call(method, 'x')).toHaveProperty('thrown')
    }
  })
})

describe('the default export over a service binding', () => {
  it('has fetch, and nothing of the app that another Worker could change', async () => {
    const production = build({ config: 'wrangler.toml', main: 'worker' })
    const { url } = await stage.play(production, { caller: CALLER })
    for (const method of ['onError', 'use', 'get', 'notFound', 'request']) {
      const { answer } = await send(url, 'POST', `/default/${method}`, { body: ['/x'] })
      expect(answer).toHaveProperty('thrown')
    }
    expect(await send(url, 'GET', '/nope')).toMatchObject({ answer: { code: 'not_found' } })
  })
})

describe('examples/hono-app', () => {
  let app: URL
  let logs: string[]
  beforeAll(async () => {
    const built = build({ config: 'examples/hono-app/wrangler.toml', main: 'index' })
    const served = await stage.play(built)
    app = served.url
    logs = served.logs
  })

  it('logs in under /auth and knows who is calling in its own routes', async () => {
    const token = await stage.logIn(app, 'alice', '/auth/login')
    const { status, answer } = await send(app, 'GET', '/me', { token })
    expect([status, answer]).toEqual([200, { you: token.slice(0, 43) }])
  })

  it('answers its own routes with our problems where there is no session', async () => {
    const withoutToken = await send(app, 'GET', '/me')
    expect(withoutToken).toMatchObject({ status: 401, answer: { code: 'session_required' } })
    const { status, headers, answer } = await send(app, 'GET', '/me', { token: 'nonsense' })
    expect([status, headers.get('Content-Type')]).toEqual([401, 'application/problem+json'])
    expect(headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="code2session", error="invalid_token"',
    )
    expect(answer).toMatchObject({ code: 'session_invalid' })
  })

  it('has what goes wrong in the log, also of its own routes', async () => {
    await send(app, 'GET', '/me', { token: 'nonsense' })
    expect(logs.join()).toMatch(/"route":"\/me","status":401,.*"code":"session_invalid"/)
  })

  it('keeps our answers to wrong methods and failures below /auth', async () => {
    const { status, headers } = await send(app, 'GET', '/auth/login')
    expect([status, headers.get('Allow')]).toEqual([405, 'POST'])
    const { answer } = await send(app, 'POST', '/auth/login', { body: {} })
    expect(answer).toMatchObject({ code: 'invalid_request' })
  })
})
