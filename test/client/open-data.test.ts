import { reset } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, createClient, type PhoneDetail, type WxOpenData } from '../../src/client'
import { BASE_URL, createPhone, type Phone } from '../support/phone'

let phone: Phone
let client: Client
beforeEach(() => {
  phone = createPhone()
  client = createClient({ baseUrl: BASE_URL, wx: phone.wx })
})
afterEach(() => {
  vi.useRealTimers()
  return reset()
})

const NUMBER = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }

describe('open data', () => {
  it('userInfo() logs in, asks wx, and returns what the server decrypted', async () => {
    const { data, timestamp } = await client.userInfo()
    expect(data).toMatchObject({ nickName: '微信用户', gender: 0, avatarUrl: expect.any(String) })
    expect(data).not.toHaveProperty('openId')
    expect(timestamp).toMatch(/Z$/)
    expect(phone.logins).toBe(1)
  })

  it('weRun() returns the steps of 31 days', async () => {
    const { stepInfoList } = (await client.weRun()).data
    expect(stepInfoList).toHaveLength(31)
    expect(stepInfoList[0]).toEqual({ timestamp: expect.any(Number), step: expect.any(Number) })
  })

  it('openData() decrypts what its function gets from wx', async () => {
    const fetchData = () => phone.press<WxOpenData>('wx.getWeRunData')
    const { data } = await client.openData<{ stepInfoList: unknown[] }>(fetchData)
    expect(data.stepInfoList).toHaveLength(31)
  })

  it.each([
    ['', 'a signature'],
    ['{}', ''],
    [undefined, undefined],
  ])('openData() sends no rawData %j with signature %j', async (rawData, signature) => {
    const signed = { rawData, signature } as Partial<WxOpenData>
    const fetchData = async () => ({
      ...(await phone.press<WxOpenData>('wx.getWeRunData')),
      ...signed,
    })
    await expect(client.openData(fetchData)).resolves.toHaveProperty('data')
    expect(Object.keys(phone.requests.at(-1)?.data as object)).toEqual(['encryptedData', 'iv'])
  })

  it('userInfo() logs in first if wx.checkSession fails', async () => {
    await client.login()
    phone.keyIsCurrent = false
    await client.userInfo()
    expect(phone.logins).toBe(2)
  })

  it('userInfo() and weRun() do not log in while the session_key is current', async () => {
    await client.login()
    await client.userInfo()
    await client.weRun()
    expect(phone.logins).toBe(1)
  })

  it('userInfo() logs in and asks wx again if the server finds the key stale', async () => {
    await client.login()
    await phone.press('rotate')
    expect((await client.userInfo()).data).toHaveProperty('nickName')
    expect(phone.logins).toBe(2)
  })

  it('Three calls that find the key stale at the same time share one login', async () => {
    await client.login()
    await phone.press('rotate')
    await Promise.all([client.userInfo(), client.weRun(), client.userInfo()])
    expect(phone.logins).toBe(2)
  })

  it('openData() rejects if the data is still stale after a login', async () => {
    let asked = 0
    const foreign = () => {
      asked++
      return phone.press<WxOpenData>('wx.getUserInfo', { user: 'bob' })
    }
    await expect(client.openData(foreign)).rejects.toMatchObject({ code: 'session_key_stale' })
    expect([asked, phone.logins]).toEqual([2, 2])
  })

  it('weRun() asks the server again after a Retry-After of 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    await client.login()
    phone.breakStore(true)
    const steps = client.weRun()
    await vi.waitFor(() => expect(phone.requests).toHaveLength(2))
    phone.breakStore(false)
    await vi.advanceTimersByTimeAsync(5000)
    expect((await steps).data).toHaveProperty('stepInfoList')
    expect([phone.requests.length, phone.logins]).toEqual([3, 1])
  })

  it('userInfo() rejects with the words of wx if the user refuses', async () => {
    await client.login()
    phone.failing.set('getUserInfo', { errMsg: 'getUserInfo:fail auth deny', errno: 103 })
    await expect(client.userInfo()).rejects.toMatchObject({
      name: 'Code2SessionError',
      code: 'wx_failed',
      action: 'stop',
      errMsg: 'getUserInfo:fail auth deny',
      errno: 103,
    })
    expect(phone.logins).toBe(1)
  })

  it.each([{ errMsg: 'getShareInfo:fail', errno: 7 }, undefined, new Error('no')])(
    'openData() rejects with wx_failed if its function rejects with %o',
    async (failure) => {
      await expect(client.openData(() => Promise.reject(failure))).rejects.toMatchObject({
        name: 'Code2SessionError',
        code: 'wx_failed',
        errMsg: failure instanceof Error ? 'no' : (failure?.errMsg ?? 'fail'),
      })
    },
  )

  it('openData() rejects with invalid_request if its function returns nothing', async () => {
    const nothing = () => Promise.resolve(undefined as unknown as WxOpenData)
    await expect(client.openData(nothing)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('ready()', () => {
  it('ready() logs in if there is no session', async () => {
    await client.ready()
    expect(phone.logins).toBe(1)
  })

  it('ready() logs in only if the session_key is no longer current', async () => {
    await client.login()
    await client.ready()
    expect(phone.logins).toBe(1)
    phone.keyIsCurrent = false
    await client.ready()
    expect(phone.logins).toBe(2)
  })

  it('ready() logs in if wx.checkSession does not call back within 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const wx = { ...phone.wx, checkSession: () => undefined }
    const ready = createClient({ baseUrl: BASE_URL, wx }).ready()
    await vi.waitFor(() => expect(phone.logins).toBe(1))
    await vi.advanceTimersByTimeAsync(5000)
    await ready
    expect(phone.logins).toBe(2)
  })
})

describe('phoneNumber()', () => {
  const getDetail = () => phone.press<Required<PhoneDetail>>('getPhoneNumber')

  it('phoneNumber() returns the number for a code', async () => {
    await client.ready()
    expect(await client.phoneNumber(await getDetail())).toEqual(NUMBER)
    expect(phone.logins).toBe(1)
  })

  it('phoneNumber() returns the number for encrypted data without a code', async () => {
    await client.ready()
    const { encryptedData, iv } = await getDetail()
    expect(await client.phoneNumber({ encryptedData, iv })).toEqual(NUMBER)
    expect(phone.logins).toBe(1)
  })

  it('phoneNumber() logs in first if there is no session', async () => {
    expect(await client.phoneNumber(await getDetail())).toEqual(NUMBER)
    expect(phone.logins).toBe(1)
  })

  it('phoneNumber() rejects with tap_required if the code was used before', async () => {
    const used = await getDetail()
    await client.phoneNumber(used)
    await expect(client.phoneNumber(used)).rejects.toMatchObject({
      code: 'tap_required',
      action: 'login_again',
    })
  })

  it('phoneNumber() rejects with tap_required for a stale key, and the next tap works', async () => {
    await client.ready()
    await phone.press('rotate')
    const { encryptedData, iv } = await getDetail()
    const stale = client.phoneNumber({ encryptedData, iv })
    await expect(stale).rejects.toMatchObject({ code: 'tap_required' })
    const next = await getDetail()
    const fresh = client.phoneNumber({ encryptedData: next.encryptedData, iv: next.iv })
    expect(await fresh).toEqual(NUMBER)
  })

  it.each([{ errMsg: 'getPhoneNumber:fail user deny', errno: 1400001 }, {}, undefined])(
    'phoneNumber() rejects with wx_failed and sends nothing for e.detail %j',
    async (detail) => {
      await expect(client.phoneNumber(detail as PhoneDetail)).rejects.toMatchObject({
        code: 'wx_failed',
        ...detail,
      })
      expect(phone.requests).toEqual([])
    },
  )
})
