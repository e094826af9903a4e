import { describe, expect, it } from 'vitest'
import { APPID, SERVICE_KEY } from './support/app'
import { FOUND, OTHER, onlyFound, SECRET, toAnswer, useHookedApp } from './support/hooked-app'

const TOKEN = 'BBBBB'
const KEY = 'B'.repeat(43)
const NONE = { WECHAT_APPID: '', WECHAT_APPSECRET: undefined }

const { app, asked, fetchStatus, start, tryLogin } = useHookedApp()

const asBackend = (path: string, body: URLSearchParams) => {
  const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
  return app.request(path, { method: 'POST', body, headers })
}

describe('a mini program that the hook knows', () => {
  it('A mini program that findMiniProgram knows has logins, sessions and calls of its own', async () => {
    start(onlyFound)
    const { token } = await tryLogin()
    const session = await app.send('GET', '/session', { token })
    expect(await session.json()).toMatchObject({ appid: FOUND })
    const check = await app.send('POST', '/session/check', { token })
    expect(await check.json()).toEqual({ valid: true })
    const { code } = await app.press<{ code: string }>('getPhoneNumber', { appid: FOUND })
    const phone = await app.send('POST', '/phone-number', { token, body: { code } })
    expect(await phone.json()).toMatchObject({ countryCode: '86' })
    const path = `/wechat/api/wxa/getwxacodeunlimit?appid=${FOUND}`
    const picture = await app.send('POST', path, { token: SERVICE_KEY, body: { scene: 'a' } })
    expect(picture.headers.get('Content-Type')).toBe('image/png')
    const openid = await app.sandbox.getOpenid(FOUND, 'alice')
    const message = { appid: FOUND, openid, templateId: 'sandbox-template', data: {} }
    const sent = await app.send('POST', '/subscribe-messages', {
      token: SERVICE_KEY,
      body: message,
    })
    expect((await toAnswer(sent)).code).toBe('message_data_invalid')
    expect(asked).toEqual([FOUND])
  })

  it('The mini programs of the settings win, and the hook is asked about no text that is no AppID', async () => {
    start({ appsecret: 'another' })
    expect((await tryLogin(APPID)).status).toBe(200)
    expect((await tryLogin(null)).status).toBe(200)
    for (const appid of ['wx3', `${FOUND}2`, 'wx222222222222222-', `x${FOUND}`, '__proto__']) {
      expect((await tryLogin(appid)).code).toBe('appid_unknown')
    }
    await app.send('GET', '/health')
    expect(asked).toEqual([])
  })

  it('Concurrent logins of one mini program ask the hook once', async () => {
    const { promise: arrival, resolve } = Promise.withResolvers<void>()
    let left = 10
    const limit = async () => {
      if (--left === 0) resolve()
      return { success: true }
    }
    start((appid: string) => arrival.then(() => onlyFound(appid)), { LOGIN_LIMIT: { limit } })
    const headers = { 'CF-Connecting-IP': '203.0.113.7', 'Content-Type': 'application/json' }
    const body = JSON.stringify({ code: await app.wxLogin({ appid: FOUND }), appid: FOUND })
    const logins = Array.from({ length: 10 }, () =>
      app.request('/login', { method: 'POST', headers, body }),
    )
    const statuses = (await Promise.all(logins)).map(({ status }) => status)
    expect([new Set(statuses), asked]).toEqual([new Set([200]), [FOUND]])
    // Of findMiniProgram, of the nine that wait for its answer, and of onLogin.
    expect(app.deadlines().filter((length) => length === 2000)).toHaveLength(11)
  })

  it('LOGIN_LIMIT counts a login before the hook is asked', async () => {
    start(onlyFound, { LOGIN_LIMIT: { limit: async () => ({ success: false }) } })
    const headers = { 'CF-Connecting-IP': '203.0.113.7', 'Content-Type': 'application/json' }
    const body = JSON.stringify({ code: 'x', appid: FOUND })
    const response = await app.request('/login', { method: 'POST', headers, body })
    expect([response.status, asked]).toEqual([429, []])
  })
})

describe('without a mini program in the settings', () => {
  it('A Worker with findMiniProgram needs no AppID, and then a login has to name one', async () => {
    start(onlyFound, NONE)
    expect((await tryLogin()).status).toBe(200)
    expect(await tryLogin(null)).toMatchObject({ status: 400, code: 'appid_required' })
    expect(await tryLogin(OTHER)).toMatchObject({ status: 400, code: 'appid_unknown' })
  })

  it('A Worker with neither an AppID nor findMiniProgram is misconfigured, and its log names both', async () => {
    app.replace({ hooks: { onLogin: () => null }, settings: NONE })
    expect(await tryLogin()).toMatchObject({ status: 500, code: 'misconfigured' })
    expect(app.warnings[0]).toContain('WECHAT_APPID')
    expect(app.warnings[0]).toContain('HOOKS has no method findMiniProgram')
  })

  it('Hooks without findMiniProgram know no other mini program', async () => {
    app.replace({ hooks: { onLogin: () => null } })
    expect((await tryLogin(OTHER)).code).toBe('appid_unknown')
  })
})

describe('the answers that are kept', () => {
  it('An answer is kept for 60 seconds, and then a session of a removed mini program ends', async () => {
    let isOurs = true
    start(() => (isOurs ? { appsecret: SECRET } : null))
    const { token } = await tryLogin()
    isOurs = false
    app.clock.now += 59
    expect([await fetchStatus(token), asked.length]).toEqual([200, 1])
    app.clock.now += 1
    expect([await fetchStatus(token), asked.length]).toEqual([401, 2])
    isOurs = true
    app.clock.now += 59
    expect([(await tryLogin()).code, asked.length]).toEqual(['appid_unknown', 2])
    app.clock.now += 1
    expect([(await tryLogin()).status, asked.length]).toEqual([200, 3])
  })

  it('1,000 mini programs are kept, and made-up AppIDs push none of them out', async () => {
    const toAppid = (letter: string, index: number) =>
      `wx${letter}${String(index).padStart(15, '0')}`
    start((appid: string) => (appid[2] === 'r' ? { appsecret: SECRET } : null))
    const { checkPushUrl } = app.service(app.bindings)
    // The push endpoint looks a mini program up without a call to WeChat.
    const ask = (letter: string, index: number) =>
      checkPushUrl({ appid: toAppid(letter, index), query: {} }).catch(() => undefined)
    for (let index = 0; index < 1000; index++) await ask('r', index)
    for (let index = 0; index < 1001; index++) await ask('m', index)
    asked.length = 0
    for (let index = 0; index < 1000; index++) await ask('r', index)
    for (let index = 1; index < 1001; index++) await ask('m', index)
    expect(asked).toEqual([])
    await ask('m', 0)
    await ask('r', 1000)
    await ask('r', 0)
    expect(asked).toEqual([toAppid('m', 0), toAppid('r', 1000), toAppid('r', 0)])
  })
})

const throwing = () => {
  throw new Error('secret')
}

describe('a hook that fails', () => {
  it.each<[string, unknown]>([
    ['throws', throwing],
    ['gives {}', {}],
    ['gives false', false],
    ['gives a text', 'secret'],
    ['gives an array', ['secret']],
    ['gives no text as AppSecret', { appsecret: 1 }],
    ['gives an empty AppSecret', { appsecret: '' }],
    ['gives an AppSecret with a space', { appsecret: 'a secret' }],
    ['gives an inherited AppSecret', Object.create({ appsecret: 'secret' })],
    ['gives another member', { appsecret: 'secret', appid: FOUND }],
    ['gives a push that is none', { appsecret: 'secret', push: true }],
    ['gives a push without a Token', { appsecret: 'secret', push: { aesKey: KEY } }],
    ['gives a wrong Token', { appsecret: 'secret', push: { token: 'A' } }],
    ['gives a wrong EncodingAESKey', { appsecret: 'secret', push: { token: TOKEN, aesKey: 'A' } }],
    ['gives another member of push', { appsecret: 'secret', push: { token: TOKEN, key: KEY } }],
    [
      'gives a getter that throws',
      Object.defineProperty({}, 'appsecret', { get: throwing, enumerable: true }),
    ],
  ])('A findMiniProgram that %s is 503 hook_unavailable, to be tried again', async (_, answer) => {
    start(answer)
    const answers = [await tryLogin(), await tryLogin()]
    const problem = { status: 503, code: 'hook_unavailable', action: 'retry_later' }
    expect(answers).toMatchObject([problem, problem])
    // A failure is not kept.
    expect(asked).toHaveLength(2)
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(0)
    expect(app.warnings[0]).toMatch(
      /"appid":"wx2{16}".*HOOKS\.findMiniProgram|HOOKS\.findMiniProgram.*"appid":"wx2{16}"/,
    )
    expect(app.warnings.join()).not.toContain('secret')
  })

  it('A findMiniProgram that has not answered after 2 seconds is 503 hook_unavailable', async () => {
    start(() => {
      app.timeOut(2000)
      return new Promise(() => {})
    })
    expect(await tryLogin()).toMatchObject({ status: 503, code: 'hook_unavailable' })
    expect(app.warnings[0]).toContain('HOOKS.findMiniProgram did not answer in time')
  })

  it.each([{ push: null }, { push: undefined }, { push: { token: ` ${TOKEN}\n`, aesKey: null } }])(
    'A member of the answer may be absent as in a row of a database: %o',
    async (push) => {
      start({ appsecret: `${SECRET}\n`, ...push })
      expect((await tryLogin()).status).toBe(200)
    },
  )

  it('While findMiniProgram fails, live sessions go on with its last answer, and nobody logs in', async () => {
    let isDown = false
    start((appid: string) => (isDown ? throwing() : onlyFound(appid)))
    const { token } = await tryLogin()
    isDown = true
    expect((await tryLogin()).status).toBe(200)
    app.clock.now += 24 * 3600
    expect(await fetchStatus(token)).toBe(200)
    expect(app.warnings).toHaveLength(1)
    expect(app.warnings[0]).toContain('HOOKS.findMiniProgram failed')
    const check = await app.send('POST', '/session/check', { token })
    expect(check.status).toBe(200)
    // One question in five seconds, or each request would wait for a hook that hangs.
    expect(asked).toHaveLength(2)
    app.clock.now += 5
    expect(await fetchStatus(token)).toBe(200)
    expect(asked).toHaveLength(3)
    expect(await tryLogin()).toMatchObject({ code: 'hook_unavailable', action: 'retry_later' })
    app.restart()
    expect(await fetchStatus(token)).toBe(503)
    isDown = false
    expect(await fetchStatus(token)).toBe(200)
  })

  it('While findMiniProgram fails, POST /introspect does not call a JWT access token inactive', async () => {
    const settings = { ISSUER: 'https://login.example' }
    start(onlyFound, settings)
    const { token } = await tryLogin()
    const issued = await app.send('POST', '/session/access-token', { token })
    const { accessToken } = await issued.json<{ accessToken: string }>()
    const introspect = () => asBackend('/introspect', new URLSearchParams({ token: accessToken }))
    start(throwing, settings)
    expect((await introspect()).status).toBe(503)
    start(null, settings)
    expect(await (await introspect()).json()).toEqual({ active: false })
  })

  it('While findMiniProgram fails, a "not ours" of a minute ago logs nobody out', async () => {
    start(onlyFound)
    const { token } = await tryLogin()
    let answer: () => unknown = () => null
    start(() => answer())
    expect(await fetchStatus(token)).toBe(401)
    answer = throwing
    app.clock.now += 60
    expect([await fetchStatus(token), await fetchStatus(token)]).toEqual([503, 503])
    answer = () => ({ appsecret: SECRET })
    expect(await fetchStatus(token)).toBe(200)
  })
})

describe('the end of a session whose mini program is out of reach', () => {
  const OUT_OF_REACH: Record<string, () => void> = {
    'is not ours any more': () => app.replace(),
    'cannot be looked up': () => start(throwing),
  }

  const toId = (token: string) =>
    Buffer.from(token.slice(44), 'base64url').toString('base64url', 0, 16)
  const revoke = (token: string) => asBackend('/revoke', new URLSearchParams({ token }))
  const remove = (path: string) => (token: string) => app.send('DELETE', path, { token })
  const ONE = { get: 1, put: 0, delete: 1, list: 0 }

  const ENDS: [string, number, object, (token: string) => Promise<Response>][] = [
    ['POST /revoke', 200, ONE, revoke],
    ['DELETE /session', 204, ONE, remove('/session')],
    ['DELETE /sessions', 204, { ...ONE, list: 1 }, remove('/sessions')],
    [
      'DELETE /sessions/:id',
      204,
      { ...ONE, get: 2 },
      (token) => remove(`/sessions/${toId(token)}`)(token),
    ],
    [
      'POST /login',
      200,
      { ...ONE, put: 1 },
      async (token) => app.send('POST', '/login', { token, body: { code: await app.wxLogin() } }),
    ],
  ]

  describe.each(Object.keys(OUT_OF_REACH))('a mini program that %s', (situation) => {
    it.each(ENDS)(`%s ends the session of a mini program that ${situation}`, async (_, ...end) => {
      const [status, operations, send] = end
      start(onlyFound)
      const { token } = await tryLogin()
      OUT_OF_REACH[situation]?.()
      expect((await send(token)).status).toBe(status)
      expect(app.kv.counts).toEqual(operations)
      start(onlyFound)
      expect(await fetchStatus(token)).toBe(401)
    })
  })
})
