import { describe, expect, it } from 'vitest'
import { encryptOpenData } from '../sandbox/encrypt'
import { ERRORS, type ErrorCode } from '../src/core/errors'
import { Problem } from '../src/core/problem'
import { type OpenData, SERVICE_KEY, useTestApp } from './support/app'
import { expectAnswerHeaders } from './support/responses'

const app = useTestApp()

/** Logs in while WeChat answers code2Session with this errcode or this fault. */
async function loginAgainst(failure: { errcode: number } | { fault: string }): Promise<Response> {
  await app.press('fail', { ...failure, times: 3 })
  return app.send('POST', '/login', { body: { code: await app.wxLogin() } })
}

/** Decrypts data whose plaintext has these fields and this watermark. */
async function decryptWith(fields: object, watermark: object = {}): Promise<Response> {
  const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='
  app.replace({ fetch: async () => Response.json({ openid: 'o1', session_key }) })
  const { token } = await app.login()
  const stamp = { appid: 'wx4f4bc4dec97d474b', timestamp: app.clock.now, ...watermark }
  const body = await encryptOpenData({ ...fields, watermark: stamp }, session_key)
  return app.send('POST', '/open-data/decrypt', { token, body })
}

/** Sends alice a subscribe message in which these fields differ from a valid one. */
async function sendMessage(other: object): Promise<Response> {
  const openid = await app.getOpenid()
  const data = { thing1: 'x', time2: '12:00' }
  const body = { openid, templateId: 'sandbox-template', data, ...other }
  return app.send('POST', '/subscribe-messages', { token: SERVICE_KEY, body })
}

/** Sends alice a subscribe message that WeChat answers with this errcode. */
async function sendMessageAgainst(errcode: number): Promise<Response> {
  await app.press('fail', { errcode, api: '/cgi-bin/message/subscribe/send' })
  return sendMessage({})
}

/** A login that this hook is asked about. */
async function loginWithHook(onLogin: () => Promise<unknown>): Promise<Response> {
  app.replace({ settings: { HOOKS: { fetch: () => undefined, onLogin } } })
  return app.send('POST', '/login', { body: { code: await app.wxLogin() } })
}

/** Triggers each error: a code without an entry here does not compile. */
const TRIGGERS: Record<ErrorCode, () => Promise<Response>> = {
  invalid_request: () => app.send('POST', '/login', { body: {} }),
  code_invalid: () => app.send('POST', '/login', { body: { code: 'from-nowhere' } }),
  code_used: async () => {
    const body = { code: await app.wxLogin() }
    await app.send('POST', '/login', { body })
    return app.send('POST', '/login', { body })
  },
  user_blocked: () => loginAgainst({ errcode: 40226 }),
  rate_limited: () => loginAgainst({ errcode: 45011 }),
  wechat_quota: () => loginAgainst({ errcode: 45009 }),
  wechat_busy: () => loginAgainst({ errcode: -1 }),
  wechat_timeout: async () => {
    app.replace({ deadline: 'before the answer' })
    await app.press('fail', { fault: 'hang' })
    return app.send('POST', '/login', { body: { code: await app.wxLogin() } })
  },
  wechat_unavailable: () => loginAgainst({ fault: 'html' }),
  misconfigured: () => {
    app.replace({ settings: { WECHAT_APPSECRET: undefined } })
    return app.send('POST', '/login', { body: { code: 'x' } })
  },
  session_required: () => app.send('GET', '/session'),
  session_invalid: () => app.send('GET', '/session', { token: 'guess' }),
  session_key_stale: async () => {
    const { token } = await app.login()
    await app.press('rotate')
    const body = await app.press<OpenData>('wx.getUserInfo')
    return app.send('POST', '/open-data/decrypt', { token, body })
  },
  watermark_mismatch: () => decryptWith({}, { appid: 'wx0000000000000000' }),
  watermark_expired: () => decryptWith({}, { timestamp: 0 }),
  openid_mismatch: () => decryptWith({ openId: 'o2' }),
  access_token_refused: async () => {
    await app.press('fail', { errcode: 40014, api: '/cgi-bin/message/subscribe/send', times: 2 })
    return sendMessage({})
  },
  appid_required: () => {
    app.replace({ settings: { WECHAT_APPS: '{"wx1":"s1","wx2":"s2"}' } })
    return app.send('POST', '/login', { body: { code: 'x' } })
  },
  appid_unknown: () => app.send('POST', '/login', { body: { code: 'x', appid: 'wx1' } }),
  service_key_required: () => app.send('POST', '/introspect'),
  service_key_invalid: () => app.send('POST', '/introspect', { token: 'k'.repeat(32) }),
  gateway_key_invalid: () => app.send('GET', '/forward-auth', { token: SERVICE_KEY }),
  login_denied: () => loginWithHook(async () => ({ deny: true })),
  hook_unavailable: () => loginWithHook(() => Promise.reject(new Error('no'))),
  wechat_path_refused: () =>
    app.send('GET', '/wechat/api/sns/jscode2session', { token: SERVICE_KEY }),
  openid_invalid: () => sendMessage({ openid: 'oNobody' }),
  template_invalid: () => sendMessage({ templateId: 'another' }),
  page_invalid: () => sendMessageAgainst(41030),
  message_refused: () => sendMessage({}),
  message_banned: () => sendMessageAgainst(43107),
  message_conflict: () => sendMessageAgainst(43108),
  message_sensitive: () => sendMessageAgainst(45168),
  message_data_invalid: () => sendMessage({ data: { thing1: 'x' } }),
  event_refused: () => app.send('POST', '/wechat/events', { body: { Event: 'x' } }),
  store_unavailable: async () => {
    const { token } = await app.login()
    app.kv.down.add('get')
    return app.send('GET', '/session', { token })
  },
  not_found: () => app.send('GET', '/sesion'),
  method_not_allowed: () => app.send('PUT', '/session'),
  body_too_large: () => app.send('POST', '/login', { body: { code: 'x'.repeat(65_536) } }),
  unsupported_media_type: () =>
    app.request('/login', { method: 'POST', body: new URLSearchParams({ code: 'x' }) }),
  internal_error: () => {
    const broken = { getWithMetadata: () => Promise.resolve(undefined) }
    app.replace({ settings: { SESSIONS: broken } })
    return app.send('GET', '/session', { token: `${'a'.repeat(43)}.${'a'.repeat(64)}` })
  },
}

describe('the error table', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])(
    '%s has the status, action and headers of its row in the error table',
    async (code) => {
      const response = await TRIGGERS[code]()
      const { status, title, action, ...row } = ERRORS[code]
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
      expectAnswerHeaders(response)
      expect(response.headers.get('Retry-After')).toBe(
        'retryAfter' in row ? String(row.retryAfter) : null,
      )
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({
        type: `urn:code2session:error:${code}`,
        title,
        status,
        code,
        action,
        detail: expect.any(String),
      })
    },
  )

  it('A Problem is named as such, and its message is its code', () => {
    const problem = new Problem('session_required')
    expect([String(problem), problem instanceof Error]).toEqual(['Problem: session_required', true])
  })

  it('Every error with status 429 or 503 has a Retry-After', () => {
    for (const row of Object.values(ERRORS)) {
      if (row.status === 429 || row.status === 503) expect(row).toHaveProperty('retryAfter')
    }
  })
})
