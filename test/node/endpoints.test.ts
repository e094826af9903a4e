/** The endpoints beyond login and sessions over HTTP, with a sandbox that checks its caller. */

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushRequest } from '../../sandbox/push'
import { buildProduction } from '../support/built-worker'
import { APPID, type Environment, PUSH, send, startEnvironment } from '../support/environment'

const SERVICE_KEY = 's'.repeat(32)
const NUMBER = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }

let environment: Environment
let login: URL
let logs: string[]
let token: string

beforeAll(async () => {
  environment = await startEnvironment()
  // The first host refuses connections, so each call below fails over to the second.
  const closed = 'http://127.0.0.1:1'
  const bindings = {
    ...PUSH,
    SERVICE_KEYS: SERVICE_KEY,
    WECHAT_API_BASE: `${closed},${environment.upstream.url}`,
  }
  const served = await environment.serve(await buildProduction(), { bindings })
  login = served.url
  logs = served.logs
  token = await environment.logIn(login)
})
afterAll(() => environment.close())

describe('the endpoints, with the first host of WECHAT_API_BASE down', () => {
  it('POST /phone-number returns the number for a code and for encryptedData', async () => {
    const { code, encryptedData, iv } = await environment.press('getPhoneNumber')
    for (const body of [{ code }, { encryptedData, iv }]) {
      const reply = await send(login, 'POST', '/phone-number', { token, body })
      expect(reply).toMatchObject({ status: 200, answer: NUMBER })
    }
    const again = await send(login, 'POST', '/phone-number', { token, body: { code } })
    expect(again).toMatchObject({ status: 400, answer: { code: 'code_invalid', errcode: 40029 } })
  })

  it('POST /session/check tells whether the session_key is current, and POST /session/reset replaces it', async () => {
    const check = () => send(login, 'POST', '/session/check', { token })
    expect(await check()).toMatchObject({ status: 200, answer: { valid: true } })
    const reset = await send(login, 'POST', '/session/reset', { token })
    expect(reset).toMatchObject({ status: 200, answer: { tokenType: 'Bearer' } })
    // What is left of the week that began with the login.
    const { expiresIn } = reset.answer as { expiresIn: number }
    expect(expiresIn).toBeGreaterThan(604_800 - 60)
    expect(expiresIn).toBeLessThanOrEqual(604_800)
    expect(await check()).toMatchObject({ status: 401 })
    token = (reset.answer as { token: string }).token
    expect(await check()).toMatchObject({ status: 200, answer: { valid: true } })
    await environment.press('rotate')
    expect(await check()).toMatchObject({ status: 200, answer: { valid: false } })
  })

  it('POST /introspect tells a backend which user a token belongs to', async () => {
    const introspect = (token: string) => {
      const body = new URLSearchParams({ token })
      return send(login, 'POST', '/introspect', { token: SERVICE_KEY, body })
    }
    expect(await introspect(token)).toMatchObject({
      status: 200,
      answer: { active: true, sub: token.slice(0, 43), client_id: APPID, token_type: 'Bearer' },
    })
    expect((await introspect('nonsense')).answer).toEqual({ active: false })
  })

  it('POST /subscribe-messages sends one message for each permission of the user', async () => {
    const body = new URLSearchParams({ token })
    const { answer } = await send(login, 'POST', '/introspect', { token: SERVICE_KEY, body })
    const { openid } = answer as { openid: string }
    const message = {
      openid,
      templateId: 'sandbox-template',
      data: { thing1: 'Your order', time2: '12:00' },
    }
    const sendMessage = () =>
      send(login, 'POST', '/subscribe-messages', { token: SERVICE_KEY, body: message })
    await environment.press('wx.requestSubscribeMessage')
    expect(await sendMessage()).toMatchObject({ status: 204, answer: null })
    expect(await sendMessage()).toMatchObject({ status: 403, answer: { code: 'message_refused' } })
  })

  it('an access_token that WeChat has invalidated is renewed within the request', async () => {
    await environment.press('end-access-tokens')
    const reply = await send(login, 'POST', '/session/check', { token })
    expect(reply).toMatchObject({ status: 200, answer: { valid: false } })
  })

  it('GET /wechat/events confirms the URL, and POST ends the sessions of a user who revokes', async () => {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const parts = [PUSH.WECHAT_PUSH_TOKEN, timestamp, '1514711492']
    const signature = createHash('sha1').update(parts.toSorted().join('')).digest('hex')
    const query = `signature=${signature}&timestamp=${timestamp}`
    const check = await fetch(
      new URL(`/wechat/events?${query}&nonce=1514711492&echostr=437512`, login),
    )
    expect([check.status, await check.text()]).toEqual([200, '437512'])

    const introspection = new URLSearchParams({ token })
    const { answer } = await send(login, 'POST', '/introspect', {
      token: SERVICE_KEY,
      body: introspection,
    })
    const { openid: OpenID } = answer as { openid: string }
    const now = Math.floor(Date.now() / 1000)
    const event = {
      MsgType: 'event',
      CreateTime: now,
      Event: 'user_authorization_revoke',
      OpenID,
      AppID: APPID,
    }
    const push = await pushRequest(new URL(`/wechat/events/${APPID}`, login).href, event, {
      appid: APPID,
      token: PUSH.WECHAT_PUSH_TOKEN,
      encodingAESKey: PUSH.WECHAT_PUSH_AES_KEY,
      timestamp: now,
    })
    const response = await fetch(push)
    expect([response.status, await response.text()]).toEqual([200, 'success'])
    expect((await send(login, 'GET', '/session', { token })).status).toBe(401)
  })

  it('a client that disconnects within its request body causes no internal_error in the log', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"code"')),
      pull: (controller) => controller.error(new Error('the phone is gone')),
    })
    const headers = { 'Content-Type': 'application/json' }
    const init = { method: 'POST', headers, body, duplex: 'half' as const }
    await expect(fetch(new URL('/login', login), init)).rejects.toThrow()
    await send(login, 'GET', '/health')
    expect(logs.join()).not.toContain('internal_error')
  })

  it('the log has no token, service key, access_token, openid or phone number', () => {
    const log = logs.join()
    for (const text of [token, SERVICE_KEY, 'access_token', 'openid', NUMBER.phoneNumber]) {
      expect(log).not.toContain(text)
    }
  })
})
