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
  it('userInfo() logs in, asks wx, and gives what the server opened', async () => {
    const { data, timestamp } = await client.userInfo()
    expect(data).toMatchObject({ nickName: '微信用户' })
    expect(data).not.toHaveProperty('openId')
    expect(timestamp).toMatch(/Z$/)
    expect(phone.logins).toBe(1)
  })

  it('weRun() gives the steps', async () => {
    expect((await client.weRun()).data).toHaveProperty('stepInfoList.length', 31)
  })

  it('openData() opens whatever a function asks wx for', async () => {
    const fetchData = () => phone.world.phone<WxOpenData>('wx.getWeRunData')
    expect((await client.openData(fetchData)).data).toHaveProperty('stepInfoList')
  })

  it('comes after a login where the phone says that its key is not current', async () => {
    await client.login()
    phone.keyIsCurrent = false
    await client.userInfo()
    expect(phone.logins).toBe(2)
  })

  it('costs no login where the key is current', async () => {
    await client.login()
    await client.userInfo()
    await client.weRun()
    expect(phone.logins).toBe(1)
  })

  it('is asked for once more, after a login, when the server finds the key stale', async () => {
    await client.login()
    await phone.world.phone('rotate')
    expect((await client.userInfo()).data).toHaveProperty('nickName')
    expect(phone.logins).toBe(2)
  })

  it('that stays stale is an error after that', async () => {
    let asked = 0
    const foreign = () => {
      asked++
      return phone.world.phone<WxOpenData>('wx.getUserInfo', { user: 'bob' })
    }
    await expect(client.openData(foreign)).rejects.toMatchObject({ code: 'session_key_stale' })
    expect([asked, phone.logins]).toEqual([2, 2])
  })

  it('waits and asks the server once more where that says retry_later', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    await client.login()
    phone.world.kv.down.add('get')
    const steps = client.weRun()
    await vi.waitFor(() => expect(phone.requests).toHaveLength(2))
    phone.world.kv.down.clear()
    await vi.advanceTimersByTimeAsync(5000)
    expect((await steps).data).toHaveProperty('stepInfoList')
    expect([phone.requests.length, phone.logins]).toEqual([3, 1])
  })

  it("that wx refuses is an error with wx's words, and no login", async () => {
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

  it('that this wx does not have is an error that says so', async () => {
    const { getWeRunData: _, ...wx } = phone.wx
    client = createClient({ baseUrl: BASE_URL, wx })
    await expect(client.weRun()).rejects.toMatchObject({ code: 'wx_failed' })
  })
})

describe('ready()', () => {
  it('has a session with a current key before a page shows a phone button', async () => {
    await client.ready()
    expect(phone.logins).toBe(1)
    await client.ready()
    expect(phone.logins).toBe(1)
    phone.keyIsCurrent = false
    await client.ready()
    expect(phone.logins).toBe(2)
  })
})

describe('phoneNumber()', () => {
  const detail = () => phone.world.phone<Required<PhoneDetail>>('getPhoneNumber')

  it("gives the number, from the button's e.detail", async () => {
    await client.ready()
    expect(await client.phoneNumber(await detail())).toEqual(NUMBER)
    const { encryptedData, iv } = await detail()
    expect(await client.phoneNumber({ encryptedData, iv })).toEqual(NUMBER)
    expect(phone.logins).toBe(1)
  })

  it('logs in first where there is no session: a code does not depend on the key', async () => {
    expect(await client.phoneNumber(await detail())).toEqual(NUMBER)
    expect(phone.logins).toBe(1)
  })

  it('asks for a new tap when the code is spent', async () => {
    const used = await detail()
    await client.phoneNumber(used)
    await expect(client.phoneNumber(used)).rejects.toMatchObject({
      code: 'tap_required',
      action: 'login_again',
    })
  })

  it('asks for a new tap when the data is under another key, and that one will open', async () => {
    await client.ready()
    await phone.world.phone('rotate')
    const { encryptedData, iv } = await detail()
    await expect(client.phoneNumber({ encryptedData, iv })).rejects.toMatchObject({
      code: 'tap_required',
    })
    const next = await detail()
    expect(await client.phoneNumber({ encryptedData: next.encryptedData, iv: next.iv })).toEqual(
      NUMBER,
    )
  })

  it("gives wx's words when the user refuses or the quota is used up", async () => {
    const refused = { errMsg: 'getPhoneNumber:fail user deny', errno: 1400001 }
    await expect(client.phoneNumber(refused)).rejects.toMatchObject({
      code: 'wx_failed',
      ...refused,
    })
    expect(phone.requests).toEqual([])
  })
})

describe('authorize()', () => {
  const SCOPE = 'scope.werun'

  it('is granted what was granted before, without asking', async () => {
    phone.authSetting[SCOPE] = true
    phone.failing.set('authorize', { errMsg: 'authorize:fail' })
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it('asks where nobody has asked before', async () => {
    expect(await client.authorize(SCOPE)).toBe('granted')
    phone.failing.set('authorize', { errMsg: 'authorize:fail auth deny' })
    expect(await client.authorize(SCOPE)).toBe('denied')
  })

  it('is an error, and no denial, where the privacy guideline leaves the scope out', async () => {
    const failure = { errMsg: 'authorize:fail api scope is not declared', errno: 112 }
    phone.failing.set('authorize', failure)
    await expect(client.authorize(SCOPE)).rejects.toMatchObject({ code: 'wx_failed', ...failure })
  })

  it('opens the settings where it was denied before', async () => {
    phone.authSetting[SCOPE] = false
    expect(await client.authorize(SCOPE)).toBe('denied')
    phone.wx.openSetting = ({ success }) => success?.({ authSetting: { [SCOPE]: true } })
    expect(await client.authorize(SCOPE)).toBe('granted')
  })

  it('needs settings where they cannot be opened without a tap', async () => {
    phone.authSetting[SCOPE] = false
    const errMsg = 'openSetting:fail can only be invoked by user TAP gesture.'
    phone.failing.set('openSetting', { errMsg })
    expect(await client.authorize(SCOPE)).toBe('needs-settings')
  })

  it('is an error when the settings cannot even be read', async () => {
    phone.failing.set('getSetting', { errMsg: 'getSetting:fail' })
    await expect(client.authorize(SCOPE)).rejects.toMatchObject({ code: 'wx_failed' })
  })
})

describe('createClient()', () => {
  it('takes the wx of the mini program where none is passed, and says if there is none', () => {
    expect(() => createClient({ baseUrl: BASE_URL })).toThrow('There is no wx here')
    Object.assign(globalThis, { wx: phone.wx })
    expect(createClient({ baseUrl: BASE_URL })).toHaveProperty('login')
    Reflect.deleteProperty(globalThis, 'wx')
  })
})
