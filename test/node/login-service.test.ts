/** LoginService by RPC: another Worker calls it over a service binding, both in a real workerd. */

import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginService } from '../../src/workers/login-worker'
import { buildProduction } from '../support/built-worker'
import { APPID, type Environment, send, startEnvironment } from '../support/environment'

/**
 * The developer's other Worker. `POST /rpc/verify` calls LoginService#verify with the JSON body as its
 * arguments, `/default/…` a method of the default export, and any other request is passed on.
 */
const CALLER = `export default {
  async fetch(request, env) {
    const [, entrypoint, method] = new URL(request.url).pathname.split('/')
    const target = { rpc: env.LOGIN, default: env.HTTP }[entrypoint]
    if (!target) return env.HTTP.fetch(request)
    try {
      return Response.json((await target[method](...(await request.json()))) ?? null)
    } catch (error) {
      return Response.json({ thrown: error.message }, { status: 500 })
    }
  },
}`

let environment: Environment
let login: URL
let findLog: (pattern: RegExp) => Promise<string>

beforeAll(async () => {
  environment = await startEnvironment()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const bindings = {
    ACCESS_TOKEN_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ISSUER: 'https://login.example',
  }
  const served = await environment.serve(await buildProduction(), { caller: CALLER, bindings })
  login = served.url
  findLog = served.findLog
})
afterAll(() => environment.close())

/** Calls a method from the other Worker. */
async function call(method: keyof LoginService | 'outcome' | 'env', ...args: unknown[]) {
  const { answer } = await send(login, 'POST', `/rpc/${method}`, { body: args })
  return answer as Record<string, unknown>
}

describe('LoginService over a service binding', () => {
  it('verify returns the session of a token', async () => {
    const token = await environment.logIn(login, 'alice')
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

  it('verify takes a JWT access token, and tells when its session began and ends', async () => {
    const token = await environment.logIn(login, 'alice')
    const { answer } = await send(login, 'POST', '/session/access-token', { token })
    const { accessToken } = answer as { accessToken: string }
    expect(await call('verify', accessToken)).toEqual(await call('verify', token))
    expect(await call('sign', token, 'x')).toMatchObject({ ok: true })
    expect(await call('sign', accessToken, 'x')).toMatchObject({
      error: { code: 'session_invalid' },
    })
    expect(await call('revoke', accessToken)).toEqual({ ok: true })
    expect(await call('verify', accessToken)).toMatchObject({ ok: true })
  })

  it('LoginService returns an error and throws none, whatever its arguments are', async () => {
    for (const token of ['nonsense', '', null, 7, { toString: 'x' }]) {
      expect(await call('verify', token)).toMatchObject({
        ok: false,
        error: { code: 'session_invalid', status: 401, action: 'login_again' },
      })
    }
    expect(await call('decrypt', 'nonsense', null)).toMatchObject({ ok: false })
    for (const userId of ['../x', 'a'.repeat(42), 'a'.repeat(44), `.${'a'.repeat(43)}`]) {
      expect(await call('revokeUser', userId)).toMatchObject({
        ok: false,
        error: { code: 'invalid_request', errors: [{ path: 'userId' }] },
      })
    }
  })

  it('decrypt returns the data, or the same error as POST /open-data/decrypt', async () => {
    const token = await environment.logIn(login, 'alice')
    const data = await environment.press('wx.getUserInfo')
    const { rawData, signature, encryptedData, iv } = data
    expect(await call('decrypt', token, { rawData, signature, encryptedData, iv })).toEqual({
      ok: true,
      data: data.userInfo,
      timestamp: expect.stringMatching(/Z$/),
    })
    const missing = await call('decrypt', token, { encryptedData })
    expect(missing).toMatchObject({ ok: false, error: { errors: [{ path: 'iv' }] } })
    await environment.press('wx.login', { rotate: true })
    const newer = await environment.press('wx.getUserInfo')
    expect(await call('decrypt', token, { ...newer })).toMatchObject({
      ok: false,
      error: { code: 'session_key_stale' },
    })
  })

  it('revokeUser ends all sessions of a user', async () => {
    const tokens = [
      await environment.logIn(login, 'mallory'),
      await environment.logIn(login, 'mallory'),
    ]
    expect(await call('revokeUser', tokens[0]?.slice(0, 43))).toEqual({ ok: true })
    for (const token of tokens) expect(await call('verify', token)).toMatchObject({ ok: false })
  })

  it('sendSubscribeMessage sends a message without a service key', async () => {
    const token = await environment.logIn(login, 'trent')
    const { session } = await call('verify', token)
    const message = {
      openid: (session as { openid: string }).openid,
      templateId: 'sandbox-template',
      data: { thing1: 'Your order', time2: '12:00' },
    }
    await environment.press('wx.requestSubscribeMessage', { user: 'trent' })
    expect(await call('sendSubscribeMessage', message)).toEqual({ ok: true })
    expect(await call('sendSubscribeMessage', message)).toMatchObject({
      ok: false,
      error: { code: 'message_refused', errcode: 43101 },
    })
  })

  it('each call is logged with its method and what came of it', async () => {
    await call('verify', await environment.logIn(login, 'alice'))
    await call('verify', 'nonsense')
    const rpc = { method: 'RPC', route: 'verify', ms: expect.any(Number) }
    const verified = await findLog(/"route":"verify","status":200/)
    expect(JSON.parse(verified)).toEqual({ ...rpc, level: 'info', status: 200 })
    const refused = await findLog(/"route":"verify","status":401/)
    const code = 'session_invalid'
    expect(JSON.parse(refused)).toEqual({ ...rpc, level: 'warn', status: 401, code })
  })

  it('LoginService exposes no internal method or property to its caller', async () => {
    for (const method of ['outcome', 'env'] as const) {
      expect(await call(method, 'x')).toHaveProperty('thrown')
    }
  })
})

describe('the default export over a service binding', () => {
  it('the default export exposes fetch and no method of the Hono app', async () => {
    for (const method of ['onError', 'use', 'get', 'notFound', 'request']) {
      const { answer } = await send(login, 'POST', `/default/${method}`, { body: ['/x'] })
      expect(answer).toHaveProperty('thrown')
    }
    expect(await send(login, 'GET', '/nope')).toMatchObject({ answer: { code: 'not_found' } })
  })
})
