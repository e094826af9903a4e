/** WeChat's server API for logins and messages. Each call makes the checks that the original makes, in the same order. */

import { type Context, Hono } from 'hono'
import { isObject } from '../src/lib/encoding'
import type { AccessTokens } from './access-tokens'
import { hmacHex } from './encrypt'
import { readObject, refuse, respond, tokenError } from './responses'
import type { SandboxUser, Users } from './users'

interface ApiOptions {
  readonly apps: Readonly<Record<string, string>>
  readonly now: () => number
  readonly users: Users
  readonly tokens: AccessTokens
}

/** The only template of the sandbox, and its fields. */
const TEMPLATE = { id: 'sandbox-template', fields: ['thing1', 'time2'] }

export function createApi({ apps, now, users, tokens }: ApiOptions): Hono {
  const api = new Hono()

  api.get('/sns/jscode2session', (c) => {
    const { appid, secret, js_code, grant_type } = c.req.query()
    const credentials = credentialsError(appid, secret)
    if (credentials) return credentials
    if (!js_code) return refuse(41008, 'missing code')
    if (grant_type !== 'authorization_code') return refuse(40002, 'invalid grant_type')
    const user = users.redeemCode(js_code, { kind: 'login', appid })
    if (user === 'unknown') return refuse(40029, 'invalid code')
    if (user === 'used') return refuse(40163, 'code been used')
    const { openid, unionid, session_key } = user
    return respond({ session_key, openid, ...(unionid && { unionid }) })
  })

  api.post('/cgi-bin/stable_token', async (c) => {
    const body = await readObject(c)
    if (!body) return refuse(47001, 'data format error')
    const { appid, secret, grant_type, force_refresh = false } = body
    if (grant_type !== 'client_credential') return refuse(40002, 'invalid grant_type')
    const credentials = credentialsError(appid, secret)
    return credentials ?? respond(tokens.get(String(appid), force_refresh === true))
  })

  api.post('/wxa/business/getuserphonenumber', async (c) => {
    const appid = tokens.findAppid(c.req.query('access_token'))
    if (!appid) return tokenError(c)
    const body = await readObject(c)
    if (!body) return refuse(47001, 'data format error')
    const user = users.redeemCode(String(body.code), { kind: 'phone', appid })
    if (typeof user === 'string') return refuse(40029, 'invalid code')
    if (body.openid !== undefined && body.openid !== user.openid) {
      return refuse(40029, 'code is not of this openid')
    }
    const watermark = { timestamp: now(), appid }
    return respond({ errcode: 0, errmsg: 'ok', phone_info: { ...user.phone, watermark } })
  })

  api.get('/wxa/checksession', async (c) => {
    const user = await verifyUser(c)
    return user instanceof Response ? user : respond({ errcode: 0, errmsg: 'ok' })
  })

  api.get('/wxa/resetusersessionkey', async (c) => {
    const user = await verifyUser(c)
    if (user instanceof Response) return user
    users.rotateSessionKey(user)
    const { openid, session_key } = user
    return respond({ errcode: 0, errmsg: 'ok', openid, session_key })
  })

  api.get('/wxa/business/getuserencryptkey', async (c) => {
    const user = await verifyUser(c)
    if (user instanceof Response) return user
    const key_info_list = users.listEncryptionKeys(user)
    return respond({ errcode: 0, errmsg: 'ok', key_info_list })
  })

  api.post('/cgi-bin/message/subscribe/send', async (c) => {
    const appid = tokens.findAppid(c.req.query('access_token'))
    if (!appid) return tokenError(c)
    const body = await readObject(c)
    if (!body) return refuse(47001, 'data format error')
    const user = users.findByOpenid(appid, String(body.touser))
    if (!user) return refuse(40003, 'invalid openid')
    if (body.template_id !== TEMPLATE.id) return refuse(40037, 'invalid template_id')
    const data = isObject(body.data) ? body.data : {}
    const isText = (field: unknown) => isObject(field) && typeof field.value === 'string'
    const missing = TEMPLATE.fields.find((name) => !isText(data[name]))
    if (missing) return refuse(47003, `argument invalid! data.${missing}.value is empty`)
    if (user.messagesAllowed === 0) return refuse(43101, 'user refuse to accept the msg')
    user.messagesAllowed--
    user.messages.push(body)
    return respond({ errcode: 0, errmsg: 'ok' })
  })

  function credentialsError(appid: unknown, secret: unknown): Response | null {
    if (typeof appid !== 'string' || appid === '') return refuse(41002, 'appid missing')
    if (!Object.hasOwn(apps, appid)) return refuse(40013, 'invalid appid')
    if (!secret) return refuse(41004, 'appsecret missing')
    return secret === apps[appid] ? null : refuse(40125, 'invalid appsecret')
  }

  /** The user whose session_key signed the call, or the error. */
  async function verifyUser(c: Context): Promise<SandboxUser | Response> {
    const { access_token, openid = '', signature, sig_method } = c.req.query()
    const appid = tokens.findAppid(access_token)
    if (!appid) return tokenError(c)
    const user = users.findByOpenid(appid, openid)
    if (!user) return refuse(87007, 'session_key is not existed or expired')
    if (sig_method !== 'hmac_sha256') return refuse(87008, 'invalid sig_method')
    const expected = await hmacHex(user.session_key, '')
    return signature === expected ? user : refuse(87009, 'invalid signature')
  }

  return api
}
