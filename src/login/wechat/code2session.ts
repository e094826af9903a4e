/**
 * code2Session: exchanges a code of `wx.login` for the user it stands for.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
 */

import { parseBase64 } from '../../lib/encoding'
import type { MiniProgram } from '../mini-programs'
import { badResponse, type WeChatRequest, type WeChatResponse, wechatError } from './api'

/** A person as WeChat knows them in one mini program. */
export interface WeChatUser {
  readonly appid: string
  readonly openid: string
  /** `null` where the mini program is not bound to an Open Platform account. */
  readonly unionid: string | null
  /** Base64, as WeChat gave it. It has 16 bytes, but a login does not depend on that. */
  readonly session_key: string
}

export function code2SessionRequest(
  { appid, appsecret }: MiniProgram,
  code: string,
): WeChatRequest {
  return {
    path: '/sns/jscode2session',
    query: { appid, secret: appsecret, js_code: code, grant_type: 'authorization_code' },
    isRepeatable: true,
  }
}

/**
 * Success is an openid and a session_key, with errcode absent or 0.
 *
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function processCode2SessionResponse(response: WeChatResponse): WeChatUser {
  if (response.errcode !== 0) throw wechatError(response, 'code2session')
  const { openid, unionid } = response.fields
  if (typeof openid !== 'string' || openid === '') throw badResponse('openid is missing')
  return {
    appid: response.appid,
    openid,
    unionid: typeof unionid === 'string' && unionid !== '' ? unionid : null,
    session_key: requireSessionKey(response),
  }
}

/** @throws {Problem} `wechat_unavailable` if the response has no session_key */
export function requireSessionKey({ fields: { session_key } }: WeChatResponse): string {
  if (typeof session_key !== 'string' || !parseBase64(session_key)?.length) {
    throw badResponse('session_key is not base64')
  }
  return session_key
}
