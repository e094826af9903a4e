import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sessionKeySignature } from '../src/wechat/session-key'
import {
  createWorld,
  type LoginAnswer,
  type OpenData,
  type ProblemBody,
  SERVICE_KEY,
  type World,
} from './support/app'

let world: World
let token: string

beforeEach(async () => {
  world = createWorld()
  token = (await world.login()).token
})
afterEach(() => reset())

interface PhoneButton extends OpenData {
  code: string
}

const NUMBER = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }

async function post(path: string, body?: object): Promise<[number, unknown]> {
  const response = await world.send('POST', path, { token, ...(body && { body }) })
  const answer = await response.json<ProblemBody>()
  return [response.status, response.ok ? answer : answer.code]
}

describe('POST /phone-number', () => {
  it("gives the number behind the button's code", async () => {
    const { code } = await world.phone<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', { code })).toEqual([200, NUMBER])
  })

  it("gives the same for the button's encryptedData, without asking WeChat", async () => {
    const { encryptedData, iv } = await world.phone<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', { encryptedData, iv })).toEqual([200, NUMBER])
    expect(world.sandbox.calls('/wxa/business/getuserphonenumber')).toBe(0)
  })

  it("takes the button's whole e.detail", async () => {
    const detail = await world.phone<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', detail)).toEqual([200, NUMBER])
  })

  it('says countryCode as text, whichever way WeChat does', async () => {
    const phone_info = { ...NUMBER, countryCode: 86, watermark: { appid: env.WECHAT_APPID } }
    world.answer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info })
    expect(await post('/phone-number', { code: 'x' })).toEqual([200, NUMBER])
  })

  it("refuses another user's code: WeChat gets the openid and compares", async () => {
    const { code } = await world.phone<PhoneButton>('getPhoneNumber', { user: 'bob' })
    expect(await post('/phone-number', { code })).toEqual([400, 'code_invalid'])
  })

  it('refuses a code that is used, and one of wx.login', async () => {
    const { code } = await world.phone<PhoneButton>('getPhoneNumber')
    await post('/phone-number', { code })
    expect(await post('/phone-number', { code })).toEqual([400, 'code_invalid'])
    const loginCode = await world.wxLogin()
    expect(await post('/phone-number', { code: loginCode })).toEqual([400, 'code_invalid'])
  })

  it("refuses an answer with another app's watermark", async () => {
    const phone_info = { ...NUMBER, watermark: { appid: 'wx0000000000000000', timestamp: 1 } }
    world.answer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
    world.answer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info: NUMBER })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
  })

  it('calls an answer without a number unusable', async () => {
    world.answer('/wxa/business/getuserphonenumber', { errcode: 0, errmsg: 'ok' })
    expect(await post('/phone-number', { code: 'x' })).toEqual([502, 'wechat_unavailable'])
  })

  it('refuses encrypted data that is something else', async () => {
    const steps = await world.phone<OpenData>('wx.getWeRunData')
    expect(await post('/phone-number', steps)).toEqual([400, 'invalid_request'])
  })

  it('refuses a body with neither, and needs a session', async () => {
    expect(await post('/phone-number', {})).toEqual([400, 'invalid_request'])
    expect((await world.send('POST', '/phone-number', { body: { code: 'x' } })).status).toBe(401)
  })
})

describe('the signature under a session_key', () => {
  it("is WeChat's published example", async () => {
    expect(await sessionKeySignature('o0q0otL8aEzpcZL/FT9WsQ==', '{"foo":"bar"}')).toBe(
      '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b',
    )
  })

  it.each([
    [
      'o0q0otL8aEzpcZL/FT9WsQ==',
      '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128',
    ],
    [
      'tiihtNczf5v6AKRyjwEUhQ==',
      '7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735',
    ],
    [
      'HyVFkGl5F5OQWJZZaNzBBg==',
      '252b75c92698025afe925b29cca5517fdf9ee67aae072cf3225ebf3a53783058',
    ],
  ])('over nothing is an HMAC with the base64 text as key: %s', async (key, signature) => {
    expect(await sessionKeySignature(key)).toBe(signature)
  })
})

describe('POST /session/check', () => {
  it('is true for the current key and false after a rotation elsewhere', async () => {
    expect(await post('/session/check')).toEqual([200, { valid: true }])
    await world.phone('rotate')
    expect(await post('/session/check')).toEqual([200, { valid: false }])
  })

  it('is an error, and not false, when WeChat says anything else', async () => {
    await world.phone('fail', { errcode: 45009, api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([503, 'wechat_quota'])
    await world.phone('fail', { errcode: 87008, api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
    for (const nothing of [{}, { errmsg: 'system error' }]) {
      world.answer('/wxa/checksession', nothing)
      expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
    }
    world.answer('/wxa/checksession', null)
    await world.phone('fail', { fault: 'html', api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
  })
})

describe('POST /session/reset', () => {
  it('answers like a login: a new token with a new key, and the old session has ended', async () => {
    const old = token
    const [status, answer] = await post('/session/reset')
    expect([status, answer]).toEqual([
      200,
      {
        token: expect.stringMatching(/^[\w-]{43}\.[\w-]{43}$/),
        tokenType: 'Bearer',
        expiresIn: 604800,
        expiresAt: expect.any(String),
        userId: old.slice(0, 43),
      },
    ])
    expect((await world.send('GET', '/session', { token: old })).status).toBe(401)
    token = (answer as LoginAnswer).token
    expect(await post('/session/check')).toEqual([200, { valid: true }])
    const data = await world.phone<OpenData>('wx.getUserInfo')
    expect((await post('/open-data/decrypt', data))[0]).toBe(200)
  })

  it('asks for a login when the key it signs with is not current', async () => {
    await world.phone('rotate')
    expect(await post('/session/reset')).toEqual([409, 'session_key_stale'])
    expect((await world.send('GET', '/session', { token })).status).toBe(200)
  })

  it("does not take another user's key", async () => {
    const key = 'HyVFkGl5F5OQWJZZaNzBBg=='
    world.answer('/wxa/resetusersessionkey', { errcode: 0, openid: 'oBob', session_key: key })
    expect(await post('/session/reset')).toEqual([502, 'wechat_unavailable'])
  })
})

describe('POST /subscribe-messages', () => {
  const DATA = { thing1: 'Your order', time2: '12:00' }

  async function send(other: object = {}): Promise<Response> {
    const openid = await world.sandbox.getOpenid(env.WECHAT_APPID, 'alice')
    const body = { openid, templateId: 'sandbox-template', data: DATA, ...other }
    return world.send('POST', '/subscribe-messages', { token: SERVICE_KEY, body })
  }

  const allow = () => world.phone<{ messages: object[] }>('wx.requestSubscribeMessage')

  it("sends a message in WeChat's words", async () => {
    await allow()
    const response = await send({ page: 'pages/index?a=1', state: 'trial', lang: 'en_US' })
    expect([response.status, await response.text()]).toEqual([204, ''])
    const { messages } = await allow()
    expect(messages).toEqual([
      {
        touser: await world.sandbox.getOpenid(env.WECHAT_APPID, 'alice'),
        template_id: 'sandbox-template',
        page: 'pages/index?a=1',
        data: { thing1: { value: 'Your order' }, time2: { value: '12:00' } },
        miniprogram_state: 'trial',
        lang: 'en_US',
      },
    ])
  })

  it('is refused by the user when no message is left', async () => {
    await allow()
    expect((await send()).status).toBe(204)
    const problem = await (await send()).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['message_refused', 43101])
  })

  it('names the field that WeChat refuses', async () => {
    const problem = await (await send({ data: { thing1: 'x' } })).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['message_data_invalid', 47003])
    expect(problem.errors).toEqual([{ path: 'data.time2', message: expect.any(String) }])
  })

  it('names the fields that it refuses itself', async () => {
    const wrong: [object, string][] = [
      [{ openid: '' }, 'openid'],
      [{ templateId: undefined }, 'templateId'],
      [{ data: 'text' }, 'data'],
      [{ data: ['text'] }, 'data'],
      [{ data: { thing1: 1 } }, 'data.thing1'],
      [{ data: { 'thing 1': 'x' } }, 'data'],
      [{ data: { constructor: 'x' } }, 'data'],
      [{ data: JSON.parse('{"__proto__":"x"}') }, 'data'],
      [{ state: 'beta' }, 'state'],
      [{ lang: 'de' }, 'lang'],
    ]
    for (const [other, path] of wrong) {
      const problem = await (await send(other)).json<ProblemBody>()
      expect([problem.code, problem.errors?.map((error) => error.path)]).toEqual([
        'invalid_request',
        [path],
      ])
    }
    expect(world.sandbox.calls('/cgi-bin/message/subscribe/send')).toBe(0)
  })
})
