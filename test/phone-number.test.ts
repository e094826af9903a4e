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

const PHONE_API = '/wxa/business/getuserphonenumber'
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
    expect(app.sandbox.calls(PHONE_API)).toBe(0)
  })

  it("POST /phone-number accepts the button's whole e.detail", async () => {
    const detail = await app.press<PhoneButton>('getPhoneNumber')
    expect(await post('/phone-number', detail)).toEqual([200, NUMBER])
  })

  it('POST /phone-number returns countryCode as a string, even if WeChat sends a number', async () => {
    const phone_info = { ...NUMBER, countryCode: 86, watermark: { appid: env.WECHAT_APPID } }
    app.setAnswer(PHONE_API, { errcode: 0, phone_info })
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
    app.setAnswer(PHONE_API, { errcode: 0, phone_info })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
    app.setAnswer(PHONE_API, { errcode: 0, phone_info: NUMBER })
    expect(await post('/phone-number', { code: 'x' })).toEqual([422, 'watermark_mismatch'])
  })

  it('POST /phone-number answers wechat_unavailable if WeChat sends no number', async () => {
    app.setAnswer(PHONE_API, { errcode: 0, errmsg: 'ok' })
    expect(await post('/phone-number', { code: 'x' })).toEqual([502, 'wechat_unavailable'])
  })

  it.each([
    ['is a text', 'text'],
    ['is a list', [NUMBER]],
    ['is empty', {}],
    ['has no phoneNumber', { ...NUMBER, phoneNumber: undefined }],
    ['has no purePhoneNumber', { ...NUMBER, purePhoneNumber: undefined }],
    ['has no countryCode', { ...NUMBER, countryCode: undefined }],
  ])(
    'POST /phone-number answers wechat_unavailable if phone_info %s',
    async (_, info: string | object) => {
      const watermark = { appid: env.WECHAT_APPID }
      const phone_info = typeof info === 'string' ? info : { ...info, watermark }
      app.setAnswer(PHONE_API, { errcode: 0, phone_info })
      expect(await post('/phone-number', { code: 'x' })).toEqual([502, 'wechat_unavailable'])
    },
  )

  it('POST /phone-number refuses encrypted data without a phone number', async () => {
    const steps = await app.press<OpenData>('wx.getWeRunData')
    expect(await post('/phone-number', steps)).toEqual([400, 'invalid_request'])
  })

  it('POST /phone-number refuses a body with neither code nor encryptedData, and requires a session', async () => {
    expect(await post('/phone-number', {})).toEqual([400, 'invalid_request'])
    expect((await app.send('POST', '/phone-number', { body: { code: 'x' } })).status).toBe(401)
  })
})

describe("WeChat's refusals of a phone code", () => {
  /** The answer while WeChat refuses phone codes with this errcode. */
  async function refuseWith(errcode: number): Promise<ProblemBody> {
    await app.press('fail', { errcode, api: PHONE_API })
    return (await app.send('POST', '/phone-number', { token, body: { code: 'x' } })).json()
  }

  it("Errcode 40003 of getPhoneNumber is openid_mismatch: the code is another user's", async () => {
    expect(await refuseWith(40003)).toMatchObject({
      status: 422,
      code: 'openid_mismatch',
      errcode: 40003,
    })
  })

  it('getPhoneNumber is not repeated while WeChat is busy, because it may have used the code', async () => {
    expect(await refuseWith(-1)).toMatchObject({ status: 503, code: 'wechat_busy', errcode: -1 })
    expect(app.sandbox.calls(PHONE_API)).toBe(1)
  })

  it('POST /phone-number with an empty body names code, encryptedData and iv', async () => {
    const response = await app.send('POST', '/phone-number', { token, body: {} })
    const { errors } = await response.json<ProblemBody>()
    expect(errors?.map(({ path }) => path)).toEqual(['code', 'encryptedData', 'iv'])
  })
})
