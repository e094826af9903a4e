/**
 * Asks WeChat whether a session_key is the current one, for a new one, or for encryption keys.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/checkSessionKey.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/ResetUserSessionKey.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/internet/getUserEncryptKey.html
 */

import * as v from 'valibot'
import { hmacSha256 } from '../../lib/crypto'
import { badResponse, isOk, type WeChatRequest, type WeChatResponse, wechatError } from './api'
import { requireSessionKey, type WeChatUser } from './code2session'
import { isSessionKeyStale } from './errcodes'

/**
 * Hex HMAC-SHA256 of a message under the session_key. The HMAC's key is the base64 text as WeChat
 * gave it, not the 16 bytes it stands for; these APIs sign the empty message.
 */
export async function sessionKeySignature(session_key: string, message = ''): Promise<string> {
  return (await hmacSha256(session_key, message)).toHex()
}

/** The calls that are signed with the session_key. They take the same query. */
type SignedPath =
  | '/wxa/checksession'
  | '/wxa/resetusersessionkey'
  | '/wxa/business/getuserencryptkey'

/** A request to one of them. */
export function sessionKeyRequest(
  path: SignedPath,
  query: { access_token: string; openid: string; signature: string },
): WeChatRequest {
  const request = { path, query: { ...query, sig_method: 'hmac_sha256' } }
  // A reset that is repeated would end the key that the first one made.
  return path === '/wxa/resetusersessionkey' ? request : { ...request, isRepeatable: true }
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

/**
 * A key of `wx.getUserCryptoManager`.
 *
 * @example
 * const findKey = (keys: readonly EncryptionKey[], version: number) =>
 *   keys.find((key) => key.version === version)
 */
export interface EncryptionKey {
  /** Base64 of 16 bytes. */
  readonly encryptKey: string
  /** 16 characters. */
  readonly iv: string
  readonly version: number
  /** What is left of its lifetime, in seconds. */
  readonly expiresIn: number
  /** Unix seconds. */
  readonly createdAt: number
}

/** @throws {Problem} what the errcode stands for, or `wechat_unavailable` */
export function processEncryptionKeysResponse(response: WeChatResponse): readonly EncryptionKey[] {
  if (response.errcode !== 0) throw wechatError(response, 'session_key')
  const list = response.fields.key_info_list
  const infos = Array.isArray(list) ? list.map((info) => v.safeParse(KeyInfo, info)) : null
  if (!infos?.every((info) => info.success))
    throw badResponse('key_info_list is not a list of keys')
  return infos.map(({ output: { encrypt_key, iv, version, expire_in, create_time } }) => ({
    encryptKey: encrypt_key,
    iv,
    version,
    expiresIn: expire_in,
    createdAt: create_time,
  }))
}

const KeyInfo = v.object({
  encrypt_key: v.string(),
  iv: v.string(),
  version: v.number(),
  expire_in: v.number(),
  create_time: v.number(),
})
