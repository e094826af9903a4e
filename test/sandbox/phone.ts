/** The phone: what wx.login, wx.getUserInfo, wx.getWeRunData and the phone button give a page. */

import { type Context, Hono } from 'hono'
import { encryptOpenData, signRawData } from './encrypt'
import { type Faults, isFaultName } from './faults'
import type { SandboxUser, Users } from './users'

interface PhoneOptions {
  readonly appid: string
  readonly now: () => number
  readonly users: Users
  readonly faults: Faults
}

/** What getUserInfo gives since 2021: nobody in particular. */
const USER_INFO = {
  nickName: '微信用户',
  gender: 0,
  language: 'zh_CN',
  city: '',
  province: '',
  country: '',
  avatarUrl: 'https://thirdwx.qlogo.cn/mmopen/vi_32/sandbox/132',
}

export function createPhone({ appid, now, users, faults }: PhoneOptions): Hono {
  const phone = new Hono()

  /** `{"user"?: "alice", "unionid"?: true, "rotate"?: false}` */
  phone.post('/wx.login', async (c) => {
    const options = await body(c)
    const user = await userOf(options)
    if (options.rotate === true) users.rotate(user)
    return c.json({ errMsg: 'login:ok', code: users.newCode(user) })
  })

  phone.post('/wx.getUserInfo', async (c) => {
    const user = await userOf(await body(c))
    const rawData = JSON.stringify(USER_INFO)
    const { openid: openId, unionid } = user
    const plaintext = { openId, ...USER_INFO, ...(unionid && { unionId: unionid }) }
    return c.json({
      errMsg: 'getUserInfo:ok',
      userInfo: USER_INFO,
      rawData,
      signature: await signRawData(rawData, user.session_key),
      ...(await encrypted(user, plaintext)),
    })
  })

  phone.post('/wx.getWeRunData', async (c) => {
    const user = await userOf(await body(c))
    const day = 24 * 3600
    const today = now() - (now() % day)
    const stepInfoList = Array.from({ length: 31 }, (_, index) => ({
      timestamp: today - (30 - index) * day,
      step: 1000 + index * 100,
    }))
    return c.json({ errMsg: 'getWeRunData:ok', ...(await encrypted(user, { stepInfoList })) })
  })

  /** The phone button, `<button open-type="getPhoneNumber">`. */
  phone.post('/getPhoneNumber', async (c) => {
    const user = await userOf(await body(c))
    const number = { phoneNumber: '13580006666', purePhoneNumber: '13580006666', countryCode: '86' }
    return c.json({ errMsg: 'getPhoneNumber:ok', ...(await encrypted(user, number)) })
  })

  /** Gives a user a new session_key, as a wx.login elsewhere would: `{"user"?: "alice"}`. */
  phone.post('/rotate', async (c) => {
    users.rotate(await userOf(await body(c)))
    return c.body(null, 204)
  })

  /** Makes the next exchanges fail: `{"errcode": 45011}` or `{"fault": "html"}`, `"times"?: 1`. */
  phone.post('/fail', async (c) => {
    const { errcode, fault, times = 1 } = await body(c)
    const what = typeof errcode === 'number' ? errcode : fault
    if (!(typeof what === 'number' || isFaultName(what)) || typeof times !== 'number') {
      return c.text('{"errcode": number} or {"fault": name}, and "times" if more than once\n', 400)
    }
    faults.add(what, times)
    return c.body(null, 204)
  })

  function userOf({ user, unionid }: Record<string, unknown>): Promise<SandboxUser> {
    return users.named(typeof user === 'string' ? user : 'alice', { unionid: unionid !== false })
  }

  function encrypted({ session_key }: SandboxUser, fields: object) {
    return encryptOpenData({ ...fields, watermark: { timestamp: now(), appid } }, session_key)
  }

  return phone
}

/** A phone has no body to get wrong: anything but a JSON object counts as an empty one. */
async function body(c: Context): Promise<Record<string, unknown>> {
  const value: unknown = await c.req.json().catch(() => null)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
