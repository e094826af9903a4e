/**
 * code2Session: a code of `wx.login` for the user it stands for.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
 */

import type { App } from '../config'
import { base64Bytes } from '../lib/encoding'
import { type Answer, type ApiCall, refusal, unusable } from './api'

/** A person as WeChat knows them in one mini program. */
export interface WeChatUser {
  readonly appid: string
  readonly openid: string
  /** `null` where the mini program is not bound to an Open Platform account. */
  readonly unionid: string | null
  /** Base64 of 16 bytes, as WeChat gave it. */
  readonly session_key: string
}

export function code2SessionCall({ appid, appsecret }: App, code: string): ApiCall {
  return {
    path: '/sns/jscode2session',
    query: { appid, secret: appsecret, js_code: code, grant_type: 'authorization_code' },
  }
}

/**
 * Success is an openid and a session_key of 16 bytes, with errcode absent or 0.
 *
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function judgeCode2Session(answer: Answer): WeChatUser {
  if (answer.errcode !== 0) throw refusal(answer, { api: 'code2session' })
  const { openid, unionid } = answer.fields
  if (typeof openid !== 'string' || openid === '') throw unusable('openid is missing')
  return {
    appid: answer.appid,
    openid,
    unionid: typeof unionid === 'string' && unionid !== '' ? unionid : null,
    session_key: sessionKeyOf(answer),
  }
}

/** @throws {Problem} `wechat_unavailable` if the answer has no session_key of 16 bytes */
export function sessionKeyOf({ fields: { session_key } }: Answer): string {
  if (typeof session_key !== 'string' || base64Bytes(session_key)?.length !== 16) {
    throw unusable('session_key is not base64 of 16 bytes')
  }
  return session_key
}
