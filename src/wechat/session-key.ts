/**
 * Asks WeChat whether a session_key is the current one, or for a new one.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/checkSessionKey.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/ResetUserSessionKey.html
 */

import { hmacSha256 } from '../lib/crypto'
import { badResponse, isOk, type WeChatRequest, type WeChatResponse, wechatError } from './api'
import { requireSessionKey, type WeChatUser } from './code2session'
import { isSessionKeyStale } from './errcodes'

/**
 * Hex HMAC-SHA256 of a message under the session_key. The HMAC's key is the base64 text as WeChat
 * gave it, not the 16 bytes it stands for; these two APIs sign the empty message.
 */
export async function sessionKeySignature(session_key: string, message = ''): Promise<string> {
  return (await hmacSha256(session_key, message)).toHex()
}

/** A request to `checksession` or `resetusersessionkey`, which take the same query. */
export function sessionKeyRequest(
  path: '/wxa/checksession' | '/wxa/resetusersessionkey',
  query: { access_token: string; openid: string; signature: string },
): WeChatRequest {
  const request = { path, query: { ...query, sig_method: 'hmac_sha256' } }
  // A reset that is repeated would end the key that the first one made.
  return path === '/wxa/checksession' ? { ...request, isRepeatable: true } : request
}

/** @throws {Problem} what the errcode stands for, unless that is "not the current key" */
export function processCheckSessionResponse(response: WeChatResponse): boolean {
  if (isOk(response)) return true
  if (isSessionKeyStale(response.errcode)) return false
  if (response.errcode === 0) throw badResponse('errcode is missing')
  throw wechatError(response, 'session_key')
}

/**
 * @returns the user with the new session_key
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function processResetSessionKeyResponse(
  response: WeChatResponse,
  { appid, openid, unionid }: WeChatUser,
): WeChatUser {
  if (response.errcode !== 0) throw wechatError(response, 'session_key')
  if (response.fields.openid !== openid) throw badResponse('openid is not the one of the request')
  return { appid, openid, unionid, session_key: requireSessionKey(response) }
}
