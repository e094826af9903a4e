/** JWT access tokens: what they say, and what takes them. */

import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type LoginAnswer, SERVICE_KEY } from './support/app'
import { INACTIVE, ISSUER, OTHER_KEY, settings, TOKEN_PATH, toPem, useJwtApp } from './support/jwt'

const { app, getLogin, issue, fetchKeys, verify, introspect } = useJwtApp()
let login: LoginAnswer

beforeEach(() => {
  login = getLogin()
})

describe('POST /session/access-token', () => {
  it('A JWT access token is that of RFC 9068, and jose verifies it', async () => {
    const answer = await issue()
    const { now } = app.clock
    expect(answer).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{86}$/),
      tokenType: 'Bearer',
      expiresIn: 300,
      expiresAt: new Date((now + 300) * 1000).toISOString(),
    })
    const { payload, protectedHeader } = await verify(answer.accessToken)
    const [key] = (await fetchKeys()).keys
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: key?.kid })
    const { sessions } = await (await app.send('GET', '/sessions', { token: login.token })).json<{
      sessions: { id: string }[]
    }>()
    expect(payload).toEqual({
      iss: ISSUER,
      sub: login.userId,
      aud: APPID,
      client_id: APPID,
      iat: now,
      exp: now + 300,
      sid: sessions[0]?.id,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      ctx: expect.stringMatching(/^[\w-]+$/),
    })
  })

  it('POST /session/access-token takes one KV read and no write, and reads no body', async () => {
    const before = { ...app.kv.counts }
    const headers = { Authorization: `Bearer ${login.token}` }
    const body = '{'
    expect((await app.request(TOKEN_PATH, { method: 'POST', headers, body })).status).toBe(200)
    expect(app.kv.counts).toEqual({ ...before, get: before.get + 1 })
  })

  it('The phone learns neither openid nor unionid nor claims, nor how long they are', async () => {
    const { accessToken } = await issue()
    const known = [await app.getOpenid(), 'unionid', '店主', 'role']
    for (const part of accessToken.split('.')) {
      const text = new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: 'base64url' }))
      for (const secret of known) expect(text).not.toContain(secret)
    }
    app.replace({ settings })
    const { token } = await app.login()
    expect((await issue(token)).accessToken).toHaveLength(accessToken.length)
  })

  it('A JWT access token lasts for ACCESS_TOKEN_TTL, and never longer than the session', async () => {
    app.replace({ settings: { ...settings, ACCESS_TOKEN_TTL: '900' } })
    expect((await issue()).expiresIn).toBe(900)
    app.clock.now += 604800 - 100
    const { accessToken, ...answer } = await issue()
    expect(answer).toMatchObject({ expiresIn: 100, expiresAt: login.expiresAt })
    app.clock.now += 99
    expect(await introspect(accessToken)).toMatchObject({ active: true })
    app.clock.now += 1
    expect(await introspect(accessToken)).toEqual(INACTIVE)
  })

  it('Without a session there is no JWT access token', async () => {
    const codes = [undefined, 'x', (await issue()).accessToken].map(async (token) => {
      const response = await app.send('POST', TOKEN_PATH, token === undefined ? {} : { token })
      return (await response.json<{ code: string }>()).code
    })
    expect(await Promise.all(codes)).toEqual([
      'session_required',
      'session_invalid',
      'session_invalid',
    ])
  })
})

describe('GET /.well-known/jwks.json', () => {
  it('The key set has the public half of each key, and caches keep it for 5 minutes', async () => {
    app.replace({
      settings: { ...settings, ACCESS_TOKEN_KEY: toPem(env.ACCESS_TOKEN_KEY) + toPem(OTHER_KEY) },
    })
    const response = await app.request('/.well-known/jwks.json')
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    })
    const member = { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' }
    const coordinate = expect.stringMatching(/^[\w-]{43}$/)
    expect(await response.json()).toEqual({
      keys: [
        {
          ...member,
          x: coordinate,
          y: coordinate,
          kid: '9gMy0wg6yIqlMwdPYlL6Rnr8KLCPjrcS2cA2PiAU2yc',
        },
        // From OpenSSL: of the other private key.
        {
          ...member,
          x: 'PsbFxFKG8g_YCqfuVckjPC4ng8gJt7ZcQFv5kDNDV4o',
          y: 'vEEPVjS53aJiADiIf6VCH7NQuw0hTEtCUe6h9O2QetA',
          kid: expect.stringMatching(/^[\w-]{43}$/),
        },
      ],
    })
  })
})

describe('what takes a JWT access token', () => {
  it('POST /introspect and RPC verify tell whose a JWT access token is, as for the token of the session', async () => {
    const ofSession = await introspect(login.token)
    app.clock.now += 10
    const { accessToken } = await issue()
    const { now } = app.clock
    const expected = { ...Object(ofSession), iat: now, exp: now + 300 }
    expect(await introspect(accessToken)).toEqual(expected)
    expect(expected).toMatchObject({ openid: await app.getOpenid(), claims: { role: '店主' } })
    const headers = { Authorization: `Bearer ${accessToken}`, 'X-Service-Key': SERVICE_KEY }
    const forwarded = await app.request('/forward-auth', { headers })
    expect(forwarded.headers.get('X-Openid')).toBe(await app.getOpenid())
    const service = app.service(app.bindings)
    expect((await service.verifyToken(accessToken))?.session).toMatchObject({
      createdAt: now - 10,
      expiresAt: now - 10 + 604800,
    })
  })

  it('A check of a JWT access token takes one KV read', async () => {
    const { accessToken } = await issue()
    const before = { ...app.kv.counts }
    await introspect(accessToken)
    expect(app.kv.counts).toEqual({ ...before, get: before.get + 1 })
  })

  it('POST /introspect answers 503 if KV fails, and does not call the token inactive', async () => {
    const { accessToken: token } = await issue()
    app.kv.down.add('get')
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    const body = new URLSearchParams({ token })
    const response = await app.request('/introspect', { method: 'POST', headers, body })
    expect(response.status).toBe(503)
  })

  it.each([
    ['a log-out', () => app.send('DELETE', '/session', { token: login.token })],
    ['an end of all sessions', () => app.send('DELETE', '/sessions', { token: login.token })],
    ['the next login', () => app.login({ token: login.token })],
    ['a reset', () => app.send('POST', '/session/reset', { token: login.token })],
    ['a revocation', () => app.service(app.bindings).endAllSessions({ userId: login.userId })],
  ])('It is dead after %s', async (_, end) => {
    const { accessToken } = await issue()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
    await end()
    expect(await introspect(accessToken)).toEqual(INACTIVE)
  })

  it('Every endpoint of the phone refuses a JWT access token, without a KV read', async () => {
    const { accessToken: token } = await issue()
    const before = { ...app.kv.counts }
    for (const call of [
      'GET /session',
      'DELETE /session',
      'GET /sessions',
      'DELETE /sessions',
      'POST /session/check',
      'POST /session/reset',
      'POST /session/access-token',
      'POST /open-data/decrypt',
      'POST /phone-number',
    ]) {
      const [method = '', path = ''] = call.split(' ')
      const response = await app.send(method, path, {
        token,
        ...(method === 'POST' && { body: {} }),
      })
      expect([call, await response.json()]).toMatchObject([call, { code: 'session_invalid' }])
    }
    for (const path of ['/session-key/sign', '/session-key/encryption-keys']) {
      const body = { token, text: 'x' }
      const response = await app.send('POST', path, { token: SERVICE_KEY, body })
      expect([path, await response.json()]).toMatchObject([path, { code: 'session_invalid' }])
    }
    expect(app.kv.counts).toEqual(before)
  })

  it('POST /revoke of a JWT access token answers 200 and ends nothing, and a login with one replaces nothing', async () => {
    const { accessToken: token } = await issue()
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    const init = { method: 'POST', headers, body: new URLSearchParams({ token }) }
    expect((await app.request('/revoke', init)).status).toBe(200)
    await app.login({ token })
    expect(await introspect(token)).toMatchObject({ active: true })
  })
})
