/**
 * Asks WeChat whether a session_key is still the current one, or for a new one.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/checkSessionKey.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/ResetUserSessionKey.html
 */

import { hmacSha256 } from '../lib/crypto'
import { type Answer, type ApiCall, isOk, refusal, unusable } from './api'
import { sessionKeyOf, type WeChatUser } from './code2session'

const API = { api: 'session_key' } as const

/** WeChat's word for a signature under another key than the current one. */
const NOT_CURRENT = 87009

/**
 * Hex HMAC-SHA256 of a message under the session_key. The HMAC's key is the base64 text as WeChat
 * gave it, not the 16 bytes it stands for; on these two APIs the message is empty.
 */
export async function sessionKeySignature(session_key: string, message = ''): Promise<string> {
  return (await hmacSha256(session_key, message)).toHex()
}

/** `checksession` or `resetusersessionkey`: both take the same query. */
export async function sessionKeyCall(
  path: '/wxa/checksession' | '/wxa/resetusersessionkey',
  { openid, session_key }: WeChatUser,
): Promise<(access_token: string) => ApiCall> {
  const signature = await sessionKeySignature(session_key)
  return (access_token) => ({
    path,
    query: { access_token, openid, signature, sig_method: 'hmac_sha256' },
  })
}

/** @throws {Problem} what the errcode stands for, unless that is just "not current" */
export function judgeCheckSession(answer: Answer): boolean {
  if (isOk(answer)) return true
  if (answer.errcode === NOT_CURRENT) return false
  throw answer.errcode === 0 ? unusable('errcode is missing') : refusal(answer, API)
}

/**
 * @returns the user with the new session_key
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function judgeResetSessionKey(answer: Answer, user: WeChatUser): WeChatUser {
  if (answer.errcode !== 0) throw refusal(answer, API)
  if (answer.fields.openid !== user.openid) throw unusable('openid is not the one asked about')
  const { appid, openid, unionid } = user
  return { appid, openid, unionid, session_key: sessionKeyOf(answer) }
}
