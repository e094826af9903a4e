import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { type OpenData, type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

interface PhoneButton extends OpenData {
  code: string
}

const NUMBER = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }

async function post(path: string, body?: object): Promise<[number, unknown]> {
  const response = await app.send('POST', path, { token, ...(body && { body }) })
  const answer = await response.json<ProblemBody>()
  return [response.status, response.ok ? answer : answer.code]
}

describe('POST /phone-number', () => {
  it("POST /phone-number returns the number for the button's code", async () => {
    const { code } = await app.press<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', { code })).toEqual([200, NUMBER])
  })

  it("POST /phone-number decrypts the button's encryptedData without a call to WeChat", async () => {
    const { encryptedData, iv } = await app.press<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', { encryptedData, iv })).toEqual([200, NUMBER])
    expect(app.sandbox.calls('/wxa/business/getuserphonenumber')).toBe(0)
  })

  it("POST /phone-number accepts the button's whole e.detail", async () => {
    const detail = await app.press<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', detail)).toEqual([200, NUMBER])
  })

  it('POST /phone-number returns countryCode as a string, even if WeChat sends a number', async () => {
    const phone_info = { ...NUMBER, countryCode: 86, watermark: { appid: env.WECHAT_APPID } }
    app.setAnswer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info })
    expect(await post('/phone-number', { code: 'x' })).toEqual([200, NUMBER])
  })

  it("POST /phone-number refuses another user's code", async () => {
    const { code } = await app.press<PhoneButton>('getPhoneNumber', { user: 'bob' })
    expect(await post('/phone-number', { code })).toEqual([400, 'code_invalid'])
  })

  it('POST /phone-number refuses a code that was used, and a code of wx.login', async () => {
    const { code } = await app.press<PhoneButton>('getPhoneNumber')
    await post('/phone-number', { code })
    expect(await post('/phone-number', { code })).toEqual([400, 'code_invalid'])
    const loginCode = await app.wxLogin()
    expect(await post('/phone-number', { code: loginCode })).toEqual([400, 'code_invalid'])
  })

  it('POST /phone-number refuses an answer with no watermark or that of another mini program', async () => {
    const phone_info = { ...NUMBER, watermark: { appid: 'wx0000000000000000', timestamp: 1 } }
    app.setAnswer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
    app.setAnswer('/wxa/business/getuserphonenumber', { errcode: 0, phone_info: NUMBER })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
  })

  it('POST /phone-number answers wechat_unavailable if WeChat sends no number', async () => {
    app.setAnswer('/wxa/business/getuserphonenumber', { errcode: 0, errmsg: 'ok' })
    expect(await post('/phone-number', { code: 'x' })).toEqual([502, 'wechat_unavailable'])
  })

  it('POST /phone-number refuses encrypted data without a phone number', async () => {
    const steps = await app.press<OpenData>('wx.getWeRunData')
    expect(await post('/phone-number', steps)).toEqual([400, 'invalid_request'])
  })

  it('POST /phone-number refuses a body with neither code nor encryptedData, and requires a session', async () => {
    expect(await post('/phone-number', {})).toEqual([400, 'invalid_request'])
    expect((await app.send('POST', '/phone-number', { body: { code: 'x' } })).status).toBe(401)
  })
})
