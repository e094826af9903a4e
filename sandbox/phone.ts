/** The phone: the results of wx.login, wx.getUserInfo, wx.getWeRunData and the phone button. */

import { Hono } from 'hono'
import type { AccessTokens } from './access-tokens'
import { encryptOpenData, signRawData } from './encrypt'
import { type Faults, isFaultName } from './faults'
import { type FindUser, readFields } from './phone-request'
import type { SandboxUser, Users } from './users'

interface PhoneOptions {
  readonly now: () => number
  readonly findUser: FindUser
  readonly users: Users
  readonly faults: Faults
  readonly tokens: AccessTokens
}

/** The errmsg of 40164. */
const REFUSED_IP = 'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist'

/** What getUserInfo has returned since 2021: the same anonymous profile for everyone. */
const USER_INFO = {
  nickName: '微信用户',
  gender: 0,
  language: 'zh_CN',
  city: '',
  province: '',
  country: '',
  avatarUrl: 'https://thirdwx.qlogo.cn/mmopen/vi_32/sandbox/132',
}

export function createPhone(options: PhoneOptions): Hono {
  const { now, findUser, users, faults, tokens } = options
  const phone = new Hono()

  /** `{"user"?: "alice", "appid"?, "unionid"?: true, "rotate"?: false}` */
  phone.post('/wx.login', async (c) => {
    const options = await readFields(c)
    const user = await findUser(options)
    if (options.rotate === true) users.rotateSessionKey(user)
    return c.json({ errMsg: 'login:ok', code: users.createCode(user, 'login') })
  })

  phone.post('/wx.getUserInfo', async (c) => {
    const user = await findUser(await readFields(c))
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
    const user = await findUser(await readFields(c))
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
    const user = await findUser(await readFields(c))
    return c.json({
      errMsg: 'getPhoneNumber:ok',
      code: users.createCode(user, 'phone'),
      ...(await encrypted(user, user.phone)),
    })
  })

  /** `wx.getUserCryptoManager().getLatestUserKey()` */
  phone.post('/getLatestUserKey', async (c) => {
    const [key] = users.listEncryptionKeys(await findUser(await readFields(c)))
    if (!key) return c.json({ errMsg: 'getLatestUserKey:fail' })
    const { encrypt_key: encryptKey, iv, version, create_time, expire_in } = key
    const times = { expireTime: create_time + expire_in }
    return c.json({ errMsg: 'getLatestUserKey:ok', encryptKey, iv, version, ...times })
  })

  /** The user accepts one more subscribe message. Returns those sent to the user so far. */
  phone.post('/wx.requestSubscribeMessage', async (c) => {
    const user = await findUser(await readFields(c))
    user.messagesAllowed++
    return c.json({ errMsg: 'requestSubscribeMessage:ok', messages: user.messages })
  })

  /** Gives a user a new session_key, as a wx.login elsewhere can: `{"user"?: "alice"}`. */
  phone.post('/rotate', async (c) => {
    users.rotateSessionKey(await findUser(await readFields(c)))
    return c.body(null, 204)
  })

  /** Makes the login hook deny a user, or not any more: `{"user"?: "alice", "blocked"?: true}`. */
  phone.post('/block', async (c) => {
    const fields = await readFields(c)
    const user = await findUser(fields)
    user.isBlocked = fields.blocked !== false
    return c.body(null, 204)
  })

  /** Invalidates all access_tokens, as a forced refresh elsewhere would. */
  phone.post('/end-access-tokens', (c) => {
    tokens.clear()
    return c.body(null, 204)
  })

  /**
   * Makes the next calls fail: `{"errcode": 45011}` or `{"fault": "html"}`, `"times"?: 1`,
   * `"api"?: "/sns/jscode2session"`. With `"times": 0`, they do not fail any more.
   */
  phone.post('/fail', async (c) => {
    const { errcode, fault, errmsg, times = 1, api = '/sns/jscode2session' } = await readFields(c)
    const failure = typeof errcode === 'number' ? errcode : fault
    if (times === 0) {
      faults.clear(String(api))
      return c.body(null, 204)
    }
    if (!(typeof failure === 'number' || isFaultName(failure)) || typeof times !== 'number') {
      return c.text('Send {"errcode": number} or {"fault": name}, and "times" to repeat it.\n', 400)
    }
    const defaultErrmsg = errcode === 40164 ? REFUSED_IP : 'sandbox failure'
    const text = typeof errmsg === 'string' ? errmsg : defaultErrmsg
    faults.add({ api: String(api), failure, errmsg: text }, times)
    return c.body(null, 204)
  })

  /** No call fails any more. */
  phone.delete('/fail', (c) => {
    faults.clear()
    return c.body(null, 204)
  })

  function encrypted({ appid, session_key }: SandboxUser, fields: object) {
    return encryptOpenData({ ...fields, watermark: { timestamp: now(), appid } }, session_key)
  }

  return phone
}
