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
  it('POST /introspect tells a backend with a service key whose token it is', async () => {
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

  it('POST /introspect leaves unionid out if the user has none', async () => {
    const code = (await app.press<{ code: string }>('wx.login', { user: 'eve', unionid: false }))
      .code
    const response = await app.send('POST', '/login', { body: { code } })
    const { token } = await response.json<LoginAnswer>()
    expect(await (await introspect(new URLSearchParams({ token }))).json()).not.toHaveProperty(
      'unionid',
    )
  })

  it('POST /introspect answers only active: false for any other token', async () => {
    await app.send('DELETE', '/session', { token: login.token })
    for (const token of [login.token, 'nonsense', `${login.userId}.${'a'.repeat(64)}`]) {
      const response = await introspect(new URLSearchParams({ token }))
      expect([response.status, await response.text()]).toEqual([200, '{"active":false}'])
    }
  })

  it('POST /introspect answers 503 if KV fails, and does not call the token inactive', async () => {
    app.kv.down.add('get')
    expect((await introspect()).status).toBe(503)
  })

  it('POST /introspect requires exactly one token, as a form', async () => {
    for (const body of ['', 'token=', 'token=a&token=b', 'tokn=a']) {
      const response = await introspect(new URLSearchParams(body))
      expect([response.status, (await response.json<ProblemBody>()).errors]).toEqual([
        400,
        [{ path: 'token', message: expect.any(String) }],
      ])
    }
    const json = { Authorization: `Bearer ${SERVICE_KEY}`, 'Content-Type': 'application/json' }
    const refused = await introspect(JSON.stringify({ token: login.token }), json)
    expect(await refused.json()).toMatchObject({
      status: 415,
      detail: 'Send a form with `Content-Type: application/x-www-form-urlencoded`.',
    })
  })
})

describe('a service key', () => {
  it('A service key is required and must be one of SERVICE_KEYS', async () => {
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

  it('A backend may use any one of several service keys', async () => {
    const keys = ['k'.repeat(32), 'l'.repeat(32)]
    app.replace({ settings: { SERVICE_KEYS: keys.join(', ') } })
    for (const key of keys) {
      expect((await introspect(undefined, { Authorization: `Bearer ${key}` })).status).toBe(200)
    }
    const both = await introspect(undefined, { Authorization: `Bearer ${keys.join(', ')}` })
    expect(both.status).toBe(401)
  })

  it('The endpoints for backends do not exist if SERVICE_KEYS is not set', async () => {
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

  it('A service key is not accepted as a token, nor a token as a service key', async () => {
    expect((await app.send('GET', '/session', { token: SERVICE_KEY })).status).toBe(401)
    const response = await app.send('POST', '/subscribe-messages', {
      token: login.token,
      body: {},
    })
    expect(response.status).toBe(401)
  })
})

describe('a service key as the password of HTTP Basic', () => {
  const basic = (credentials: string) => ({
    Authorization: `Basic ${new TextEncoder().encode(credentials).toBase64()}`,
  })

  async function introspectAs(headers: Record<string, string>, keys: string): Promise<number> {
    app.replace({ settings: { SERVICE_KEYS: keys } })
    return (await introspect(undefined, headers)).status
  }

  it.each(['backend', '', 'with space', '\u5fae\u4fe1'])(
    'POST /introspect takes a service key as password, as curl -u sends it, with the user name %o',
    async (user) => {
      expect((await introspect(undefined, basic(`${user}:${SERVICE_KEY}`))).status).toBe(200)
    },
  )

  it.each(['+', '%2B', '%', '&', ':', 'a:b', '=', '+%20'])(
    'A service key with %o in it is taken as sent and form-encoded',
    async (characters) => {
      const key = `${'k'.repeat(32)}${characters}z`
      const encoded = new URLSearchParams({ key }).toString().slice('key='.length)
      expect(await introspectAs(basic(`backend:${key}`), key)).toBe(200)
      expect(await introspectAs(basic(`backend:${encoded}`), key)).toBe(200)
    },
  )

  it('The scheme Basic is case-insensitive', async () => {
    const { Authorization } = basic(`backend:${SERVICE_KEY}`)
    const headers = { Authorization: Authorization.replace('Basic', 'basic') }
    expect((await introspect(undefined, headers)).status).toBe(200)
  })

  it.each([
    ['a wrong key', basic(`backend:${SERVICE_KEY}x`)],
    ['the key as user name', basic(`${SERVICE_KEY}:`)],
    ['the key without a colon', basic(SERVICE_KEY)],
    ['an empty password', basic(':')],
    ['bytes that are not UTF-8', { Authorization: 'Basic Ov/+' }],
    ['no base64', { Authorization: `Basic :${SERVICE_KEY}` }],
  ])('HTTP Basic with %s is refused with a challenge for each scheme', async (_, headers) => {
    const response = await introspect(undefined, headers)
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="code2session", error="invalid_token", Basic realm="code2session"',
    ])
    expect(await response.json()).toMatchObject({ code: 'service_key_invalid' })
  })

  it.each([
    'Basic',
    'Basic ',
    'Digest x',
    'x',
    `Not${basic(`backend:${SERVICE_KEY}`).Authorization}`,
    `${basic(`backend:${SERVICE_KEY}`).Authorization} x`,
    `NotBearer ${SERVICE_KEY}`,
    `Bearer${SERVICE_KEY}`,
  ])(
    'The Authorization %o holds no service key, and both schemes are offered',
    async (Authorization) => {
      const response = await introspect(undefined, { Authorization })
      expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([
        401,
        'Bearer realm="code2session", Basic realm="code2session"',
      ])
      expect(await response.json()).toMatchObject({ code: 'service_key_required' })
    },
  )

  it('POST /subscribe-messages takes a service key as bearer token only', async () => {
    const headers = { ...basic(`backend:${SERVICE_KEY}`), 'Content-Type': 'application/json' }
    const init = { method: 'POST', headers, body: '{}' }
    const response = await app.request('/subscribe-messages', init)
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="code2session"',
    ])
  })
})
