import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type LoginAnswer, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

function introspect(
  body: BodyInit = new URLSearchParams({ token: login.token }),
  headers: Record<string, string> = { Authorization: `Bearer ${SERVICE_KEY}` },
): Promise<Response> {
  return app.request('/introspect', { method: 'POST', body, headers })
}

describe('POST /introspect', () => {
  it('tells a backend with a service key whose token it is', async () => {
    const response = await introspect()
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    expect(await response.json()).toEqual({
      active: true,
      sub: login.userId,
      client_id: APPID,
      openid: await app.getOpenid(),
      unionid: expect.stringMatching(/^oU/),
      iat: app.clock.now,
      exp: app.clock.now + 604800,
      token_type: 'Bearer',
    })
  })

  it('leaves unionid out where there is none', async () => {
    const code = (await app.press<{ code: string }>('wx.login', { user: 'eve', unionid: false }))
      .code
    const response = await app.send('POST', '/login', { body: { code } })
    const { token } = await response.json<LoginAnswer>()
    expect(await (await introspect(new URLSearchParams({ token }))).json()).not.toHaveProperty(
      'unionid',
    )
  })

  it('says of any other token that it is not active, and nothing more', async () => {
    await app.send('DELETE', '/session', { token: login.token })
    for (const token of [login.token, 'nonsense', `${login.userId}.${'a'.repeat(43)}`]) {
      const response = await introspect(new URLSearchParams({ token }))
      expect([response.status, await response.text()]).toEqual([200, '{"active":false}'])
    }
  })

  it('does not call a token inactive when KV cannot tell', async () => {
    app.kv.down.add('get')
    expect((await introspect()).status).toBe(503)
  })

  it('wants one token, in a form', async () => {
    for (const body of ['', 'token=', 'token=a&token=b', 'tokn=a']) {
      const response = await introspect(new URLSearchParams(body))
      expect([response.status, (await response.json<ProblemBody>()).errors]).toEqual([
        400,
        [{ path: 'token', message: expect.any(String) }],
      ])
    }
    const json = { Authorization: `Bearer ${SERVICE_KEY}`, 'Content-Type': 'application/json' }
    expect((await introspect(JSON.stringify({ token: login.token }), json)).status).toBe(415)
  })
})

describe('a service key', () => {
  it('is asked for, and has to be one of SERVICE_KEYS', async () => {
    const without = await introspect(undefined, {})
    expect([without.status, without.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="code2session", Basic realm="code2session"',
    ])
    for (const key of [`${SERVICE_KEY}x`, SERVICE_KEY.slice(1), '', login.token]) {
      const response = await introspect(undefined, { Authorization: `Bearer ${key}` })
      expect((await response.json<ProblemBody>()).code).toBe('service_key_invalid')
      expect(response.headers.get('WWW-Authenticate')).toBe(
        'Bearer realm="code2session", error="invalid_token", Basic realm="code2session"',
      )
    }
  })

  it('may be any of several', async () => {
    const keys = ['k'.repeat(32), 'l'.repeat(32)]
    app.replace({ settings: { SERVICE_KEYS: keys.join(', ') } })
    for (const key of keys) {
      expect((await introspect(undefined, { Authorization: `Bearer ${key}` })).status).toBe(200)
    }
    const both = await introspect(undefined, { Authorization: `Bearer ${keys.join(', ')}` })
    expect(both.status).toBe(401)
  })

  it('opens nothing where none is configured: there is no such endpoint', async () => {
    app.replace({ settings: { SERVICE_KEYS: undefined } })
    expect((await introspect()).status).toBe(404)
    const message = await app.send('POST', '/subscribe-messages', {
      token: SERVICE_KEY,
      body: {},
    })
    expect(message.status).toBe(404)
    for (const path of ['/introspect', '/subscribe-messages']) {
      expect((await app.send('PUT', path)).status).toBe(404)
    }
  })

  it('is no session, and a token is no service key', async () => {
    expect((await app.send('GET', '/session', { token: SERVICE_KEY })).status).toBe(401)
    const response = await app.send('POST', '/subscribe-messages', {
      token: login.token,
      body: {},
    })
    expect(response.status).toBe(401)
  })
})
