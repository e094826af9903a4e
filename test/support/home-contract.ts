/** What holds of the login over HTTP on every platform and every store, as one contract. */

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushRequest } from '../../sandbox/push'
import { APPID, CREDENTIALS, type Environment, PUSH, send, startEnvironment } from './environment'

const SERVICE_KEY = 's'.repeat(32)
const GATEWAY_KEY = 'g'.repeat(32)
const ISSUER = 'https://login.example/wx'
/** Of JWT access tokens, as a PEM with line breaks. */
const ACCESS_TOKEN_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const NUMBER = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }

export interface Home {
  readonly url: URL
  /** All that it has logged so far. */
  readonly log: () => string
  readonly close?: () => Promise<void>
}

/**
 * Describes the contract.
 *
 * @param name What serves the login, as a noun
 * @param start Serves it with these settings besides those of the sandbox's mini program
 */
export function describeHome(
  name: string,
  start: (environment: Environment, settings: Record<string, string>) => Promise<Home>,
): void {
  let environment: Environment
  let home: Home
  let login: URL
  let token: string

  beforeAll(async () => {
    environment = await startEnvironment()
    home = await start(environment, {
      ...PUSH,
      SERVICE_KEYS: SERVICE_KEY,
      ACCESS_TOKEN_KEY,
      ISSUER,
      GATEWAY_KEYS: GATEWAY_KEY,
      // The first host refuses connections, so each call below fails over to the second.
      WECHAT_API_BASE: `http://127.0.0.1:1,${environment.upstream.url}`,
    })
    login = home.url
    token = await environment.logIn(login)
  })
  afterAll(async () => {
    await home.close?.()
    await environment.close()
  })

  describe(`${name}, with the first host of WECHAT_API_BASE down`, () => {
    async function call(method: string, path: string, token?: string, body?: object) {
      const options = { ...(token && { token }), ...(body && { body }) }
      const { status, headers, answer } = await send(login, method, path, options)
      expect(headers.get('Cache-Control')).toBe('no-store')
      return { status, answer: answer as Record<string, unknown> | null }
    }

    async function introspect(token: string) {
      const body = new URLSearchParams({ token })
      const { answer } = await send(login, 'POST', '/introspect', { token: SERVICE_KEY, body })
      return answer as Record<string, unknown>
    }

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
      const user = { sub: token.slice(0, 43), client_id: APPID }
      expect(await introspect(token)).toMatchObject({ active: true, ...user, token_type: 'Bearer' })
      expect(await introspect('nonsense')).toEqual({ active: false })
    })

    it('a JWT access token is verified with the keys that the metadata names, until its session ends', async () => {
      const session = await environment.logIn(login)
      const { answer } = await send(login, 'POST', '/session/access-token', { token: session })
      const { accessToken } = answer as { accessToken: string }
      const metadata = await send(login, 'GET', '/.well-known/oauth-authorization-server')
      const { issuer, jwks_uri } = metadata.answer as Record<string, string>
      const path = String(jwks_uri).replace(String(issuer), '')
      const keys = createRemoteJWKSet(new URL(path, login))
      const options = { issuer: ISSUER, audience: APPID, typ: 'at+jwt', algorithms: ['ES256'] }
      const { payload } = await jwtVerify(accessToken, keys, options)
      expect(payload.sub).toBe(session.slice(0, 43))
      const { iat, exp } = payload
      const active = { active: true, openid: expect.any(String), iat, exp }
      expect(await introspect(accessToken)).toMatchObject(active)
      await send(login, 'DELETE', '/session', { token: session })
      expect(await introspect(accessToken)).toEqual({ active: false })
    })

    it('/forward-auth tells a gateway which user a token belongs to, in headers that are all there', async () => {
      const ask = async (method: string, path: string, token: string, key = GATEWAY_KEY) => {
        const headers = { Authorization: `Bearer ${token}`, 'X-Service-Key': key }
        const response = await fetch(new URL(path, login), { method, headers })
        return { status: response.status, headers: response.headers, text: await response.text() }
      }
      for (const [method, path] of [
        ['GET', '/forward-auth'],
        ['HEAD', '/forward-auth/'],
        ['OPTIONS', '/forward-auth/orders/7/?a=1'],
      ] as const) {
        const { status, headers, text } = await ask(method, path, token)
        expect([status, text, headers.get('X-User-Id')]).toEqual([200, '', token.slice(0, 43)])
        expect([headers.get('X-Appid'), headers.get('X-Claims')]).toEqual([APPID, ''])
      }
      const dead = await ask('GET', '/forward-auth', 'nonsense')
      expect([dead.status, dead.headers.get('X-User-Id')]).toEqual([401, null])
      expect((await ask('GET', '/forward-auth', token, 'wrong')).status).toBe(403)
    })

    it('POST /subscribe-messages sends one message for each permission of the user', async () => {
      const { openid } = await introspect(token)
      const message = {
        openid,
        templateId: 'sandbox-template',
        data: { thing1: 'Your order', time2: '12:00' },
      }
      const sendMessage = () =>
        send(login, 'POST', '/subscribe-messages', { token: SERVICE_KEY, body: message })
      await environment.press('wx.requestSubscribeMessage')
      expect(await sendMessage()).toMatchObject({ status: 204, answer: null })
      expect(await sendMessage()).toMatchObject({
        status: 403,
        answer: { code: 'message_refused' },
      })
    })

    it('an access_token that WeChat has invalidated is renewed within the request', async () => {
      await environment.press('end-access-tokens')
      const reply = await send(login, 'POST', '/session/check', { token })
      expect(reply).toMatchObject({ status: 200, answer: { valid: false } })
    })

    it('a session can be created, read, listed and ended', async () => {
      const token = await environment.logIn(login, 'carol')
      const { answer } = await call('GET', '/session', token)
      expect(answer).toMatchObject({ appid: APPID, userId: token.slice(0, 43) })
      const list = await call('GET', '/sessions', token)
      expect(list.answer).toMatchObject({ sessions: [{ current: true }] })
      expect((await call('DELETE', '/session', token)).status).toBe(204)
      expect((await call('GET', '/session', token)).status).toBe(401)
    })

    it('DELETE /sessions/:id ends one session, and DELETE /sessions all of them', async () => {
      const [one, two] = [
        await environment.logIn(login, 'dave'),
        await environment.logIn(login, 'dave'),
      ]
      const list = await call('GET', '/sessions', one)
      const sessions = list.answer?.sessions as { id: string; current: boolean }[]
      const other = sessions.find(({ current }) => !current)
      expect((await call('DELETE', `/sessions/${other?.id}`, one)).status).toBe(204)
      expect((await call('GET', '/session', two)).status).toBe(401)
      expect((await call('DELETE', '/sessions', one)).status).toBe(204)
      expect((await call('GET', '/session', one)).status).toBe(401)
    })

    it('open data from the phone can be verified and decrypted', async () => {
      const token = await environment.logIn(login)
      const data = await environment.press('wx.getUserInfo')
      const verified = await call('POST', '/open-data/verify', token, data)
      expect(verified).toMatchObject({ status: 200, answer: { data: data.userInfo } })
      const opened = await call('POST', '/open-data/decrypt', token, data)
      expect(opened.answer).toEqual({ data: data.userInfo, timestamp: expect.any(String) })
      const steps = await environment.press('wx.getWeRunData')
      const { answer } = await call('POST', '/open-data/decrypt', token, steps)
      expect(answer).toHaveProperty('data.stepInfoList.length', 31)
    })

    it('ten concurrent logins with the same code call WeChat once and get the same token', async () => {
      const { code } = await environment.press('wx.login')
      const before = environment.upstream.calls()
      const first = environment.upstream.hold()
      const logins = Array.from({ length: 10 }, () => call('POST', '/login', undefined, { code }))
      await first.arrived
      // Requests are taken in the order of their arrival: once a later login has reached WeChat,
      // all ten are waiting for the first one's answer.
      const later = environment.upstream.hold()
      const laterLogin = environment.logIn(login)
      await later.arrived
      first.release()
      later.release()
      const answers = await Promise.all(logins)
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
      expect(new Set(answers.map(({ answer }) => answer?.token)).size).toBe(1)
      await laterLogin
      expect(environment.upstream.calls() - before).toBe(2)
    })

    it('an upload reaches WeChat with its Content-Length, and a picture comes back byte for byte', async () => {
      const [upload, picture] = [randomBytes(100 * 1024), randomBytes(20_000)]
      const path = '/wechat/api/wxa/anything'
      // The first call fetches an access_token.
      await fetch(new URL(path, login), { headers: { Authorization: `Bearer ${SERVICE_KEY}` } })
      const received = new Promise<[string | undefined, Buffer]>((resolve) =>
        environment.upstream.next(async (request, response) => {
          const chunks: Buffer[] = await request.toArray()
          resolve([request.headers['content-length'], Buffer.concat(chunks)])
          response.writeHead(200, { 'Content-Type': 'image/png' }).end(picture)
        }),
      )
      const response = await fetch(new URL(path, login), {
        method: 'POST',
        headers: { Authorization: `Bearer ${SERVICE_KEY}`, 'Content-Type': 'image/png' },
        body: upload,
      })
      const [length, sent] = await received
      expect([length, sent.equals(upload)]).toEqual([String(upload.length), true])
      expect(Buffer.from(await response.arrayBuffer()).equals(picture)).toBe(true)
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

      const { openid: OpenID } = await introspect(token)
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
      expect(home.log()).not.toContain('internal_error')
    })

    it('the log has no token, service or gateway key, access_token, openid or phone number', () => {
      const log = home.log()
      const secrets = [CREDENTIALS.WECHAT_APPSECRET, token, SERVICE_KEY, GATEWAY_KEY]
      const names = ['access_token', 'openid', 'session_key', 'js_code=']
      for (const text of [...secrets, ...names, NUMBER.phoneNumber]) {
        expect(log).not.toContain(text)
      }
    })
  })
}
