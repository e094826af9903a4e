/** WeChat's errcodes on the calls that can have them, and what is no usable answer. */

import { describe, expect, it } from 'vitest'
import { ERRORS } from '../src/core/errors'
import {
  ERRCODES,
  type ErrcodeRow,
  findErrcodeRow,
  isSessionKeyStale,
  type WeChatCall,
} from '../src/login/wechat/errcodes'
import { APPID, NO_KEYS, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()

/** Sends alice a subscribe message in which these fields differ from a valid one. */
async function sendMessage(other: object): Promise<Response> {
  const openid = await app.getOpenid()
  const data = { thing1: 'x', time2: '12:00' }
  const body = { openid, templateId: 'sandbox-template', data, ...other }
  return app.send('POST', '/subscribe-messages', { token: SERVICE_KEY, body })
}

describe("WeChat's errcodes", () => {
  interface Call {
    readonly kind: WeChatCall
    readonly api: string
    /** Makes the call, with the session of this token. */
    readonly send: (token: string) => Promise<Response>
  }

  const CALLS: Readonly<Record<string, Call>> = {
    'a login': {
      kind: 'code2session',
      api: '/sns/jscode2session',
      send: async () => app.send('POST', '/login', { body: { code: await app.wxLogin() } }),
    },
    'an access_token': {
      kind: 'access_token',
      api: '/cgi-bin/stable_token',
      send: (token) => app.send('POST', '/session/check', { token }),
    },
    'a phone code': {
      kind: 'phone_number',
      api: '/wxa/business/getuserphonenumber',
      send: (token) => app.send('POST', '/phone-number', { token, body: { code: 'x' } }),
    },
    'a check of the session_key': {
      kind: 'session_key',
      api: '/wxa/checksession',
      send: (token) => app.send('POST', '/session/check', { token }),
    },
    'a reset of the session_key': {
      kind: 'session_key',
      api: '/wxa/resetusersessionkey',
      send: (token) => app.send('POST', '/session/reset', { token }),
    },
    'a subscribe message': {
      kind: 'subscribe_message',
      api: '/cgi-bin/message/subscribe/send',
      send: () => sendMessage({}),
    },
  }

  /** The response to a call that WeChat refuses with this errcode, however often it is repeated. */
  async function callAgainst({ api, send }: Call, token: string, errcode: number) {
    const errmsg = 'SENTINEL of WeChat, rid: 1-2-3'
    await app.press('fail', { api, errcode, errmsg, times: 3 })
    return send(token)
  }

  const isOn = (call: Call, row: ErrcodeRow) => findErrcodeRow(row.errcode, call.kind) === row

  it.each(Object.entries(CALLS))(
    'Each errcode on %s is the error of its row, and its errmsg is neither sent nor logged',
    async (_, call) => {
      const { token } = await app.login()
      // What a check is there to find is no error.
      const isResult = (errcode: number) =>
        call.api === '/wxa/checksession' && isSessionKeyStale(errcode)
      for (const row of ERRCODES.filter((row) => isOn(call, row) && !isResult(row.errcode))) {
        app.replace()
        const { errcode, code, detail = ERRORS[code].detail, advice } = row
        const { status } = ERRORS[code]
        const text = await (await callAgainst(call, token, errcode)).text()
        expect(JSON.parse(text)).toMatchObject({ errcode, code, status, detail })
        expect(text).not.toMatch(/SENTINEL|rid/)
        const line = JSON.parse(app.warnings.at(-1) ?? '')
        expect(line).toMatchObject({ errcode, code, status, appid: APPID, rid: '1-2-3' })
        expect([line.settings, line.reason]).toEqual([advice && [advice], undefined])
        expect(app.log.join()).not.toContain('SENTINEL')
      }
    },
  )

  it.each(Object.entries(CALLS))(
    'Any other errcode on %s is one failure, which is sent along and logged as undocumented',
    async (_, call) => {
      const { token } = await app.login()
      const code = call.kind === 'phone_number' ? 'code_invalid' : 'wechat_unavailable'
      const known = ERRCODES.filter((row) => isOn(call, row)).map(({ errcode }) => errcode)
      const others = ERRCODES.map(({ errcode }) => errcode)
      for (const errcode of new Set([...others, 61024, 9009099]).difference(new Set(known))) {
        app.replace()
        const problem = await (await callAgainst(call, token, errcode)).json()
        expect(problem).toMatchObject({ errcode, code })
        const line = JSON.parse(app.warnings.at(-1) ?? '')
        expect(line).toMatchObject({ errcode, code, reason: 'undocumented errcode' })
      }
    },
  )

  const FAULTS = [40013, 48001, 50002, 61007, ...Array.from({ length: 11 }, (_, n) => 40230 + n)]

  it.each(Object.entries(CALLS))(
    "An operator's fault is misconfigured on %s, and the log has advice",
    async (_, call) => {
      const { token } = await app.login()
      for (const errcode of FAULTS) {
        app.replace()
        const problem = await (await callAgainst(call, token, errcode)).json()
        expect(problem).toMatchObject({ code: 'misconfigured', errcode, action: 'stop' })
        const { level, settings } = JSON.parse(app.warnings.at(-1) ?? '')
        expect([level, settings]).toEqual(['error', [expect.stringMatching(/.{20}/)]])
      }
    },
  )

  it('A code older than five minutes is code_invalid with errcode 40029', async () => {
    const body = { code: await app.wxLogin() }
    app.clock.now += 301
    const problem = await (await app.send('POST', '/login', { body })).json<ProblemBody>()
    expect([problem.code, problem.errcode]).toEqual(['code_invalid', 40029])
  })

  it('A wrong AppSecret is misconfigured, and the log names the setting', async () => {
    app.replace({ settings: { WECHAT_APPSECRET: 'not-the-one', ...NO_KEYS } })
    const body = { code: await app.wxLogin() }
    const response = await app.send('POST', '/login', { body })
    const text = await response.text()
    expect([response.status, text.includes('WECHAT_')]).toEqual([500, false])
    expect(JSON.parse(app.warnings[0] ?? '')).toMatchObject({
      errcode: 40125,
      rid: '65f2a1b0-1c2d3e4f-5a6b7c8d',
      settings: ['WECHAT_APPSECRET is not the secret of this appid'],
    })
  })
})

describe("WeChat's unusable answers", () => {
  it('A call that WeChat answers with 5xx is not repeated, even if the errcode is -1', async () => {
    let calls = 0
    const busy = async () => {
      calls++
      return Response.json({ errcode: -1 }, { status: 500 })
    }
    app.replace({ fetch: busy })
    const response = await app.send('POST', '/login', { body: { code: 'x' } })
    expect([response.status, calls]).toEqual([502, 1])
  })

  it('An errcode that is not a whole number is answered with wechat_unavailable', async () => {
    for (const errcode of ['1e999', '1.5', '"0"', 'true', '[]']) {
      app.replace({ fetch: async () => new Response(`{"errcode":${errcode}}`) })
      const response = await app.send('POST', '/login', { body: { code: 'x' } })
      const problem = await response.json<ProblemBody>()
      expect([problem.code, problem.errcode]).toEqual(['wechat_unavailable', undefined])
    }
  })

  it('A refused connection is answered with wechat_unavailable', async () => {
    app.replace({
      fetch: () => Promise.reject(new TypeError('connect ECONNREFUSED')),
    })
    const response = await app.send('POST', '/login', { body: { code: 'x' } })
    expect((await response.json<ProblemBody>()).code).toBe('wechat_unavailable')
  })

  it('A body that does not end in time is answered with wechat_timeout', async () => {
    app.replace({ deadline: 'within the body' })
    await app.press('fail', { fault: 'drip' })
    const response = await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    expect(response.status).toBe(504)
  })
})
