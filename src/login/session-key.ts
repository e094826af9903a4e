/** What a session does with its session_key: open data, check the key at WeChat, replace it. */

import { Problem } from '../core/problem'
import { replaceSession } from './login'
import { requireMiniProgram } from './mini-programs'
import { findSessionById, type Login, type Session } from './sessions'
import { type AccessTokenContext, callWithAccessToken } from './wechat/access-token'
import type { CallContext, WeChatResponse } from './wechat/api'
import {
  type EncryptedData,
  type OpenData,
  openEncryptedData,
  type SignedData,
  verifySignedData,
} from './wechat/open-data'
import {
  type EncryptionKey,
  processCheckSessionResponse,
  processEncryptionKeysResponse,
  processResetSessionKeyResponse,
  sessionKeyRequest,
  sessionKeySignature,
} from './wechat/session-key'

/** Encrypted data, with the signed data that came along, if any. */
export interface DecryptRequest {
  readonly encrypted: EncryptedData
  readonly signed: SignedData | null
}

/**
 * Verifies signed data.
 *
 * @returns rawData, parsed
 * @throws {Problem} `session_key_stale`, `invalid_request`
 */
export function verifyData(
  { runtime }: CallContext,
  session: Session,
  signed: SignedData,
): Promise<unknown> {
  return verifySignedData(signed, usableSessionKeys(session, runtime.now()))
}

/**
 * Decrypts open data. Signed data that comes along is verified first.
 *
 * @throws {Problem} `session_key_stale`, `watermark_mismatch`, `watermark_expired`,
 * `openid_mismatch`, `invalid_request`
 */
export async function decryptData(
  context: CallContext,
  session: Session,
  { encrypted, signed }: DecryptRequest,
): Promise<OpenData> {
  if (signed) await verifyData(context, session, signed)
  const { appid, openid } = session
  const now = context.runtime.now()
  const keys = usableSessionKeys(session, now)
  const maxAge = context.config.openDataMaxAge
  return openEncryptedData(encrypted, { keys, appid, openid, maxAge, now })
}

/** The keys that data of this session can be encrypted under, most likely first. */
export function usableSessionKeys(session: Session, now: number): readonly string[] {
  const { session_key, previous } = session
  return previous && now < previous.until ? [session_key, previous.session_key] : [session_key]
}

/**
 * Whether WeChat regards this session's key as the current one.
 *
 * @throws {Problem} what checksession can fail with
 */
export async function checkSessionKey(
  context: AccessTokenContext,
  session: Session,
): Promise<boolean> {
  return processCheckSessionResponse(await callSigned(context, session, '/wxa/checksession'))
}

/**
 * Signs a text with the session_key: the user-state signature of `wx.requestVirtualPayment`.
 *
 * @returns hex, lower case
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/industry/virtual-payment.html
 */
export function signText({ session_key }: Session, text: string): Promise<string> {
  return sessionKeySignature(session_key, text)
}

/**
 * The server's half of `wx.getUserCryptoManager`: the user's newest keys.
 *
 * @throws {Problem} what getuserencryptkey can fail with
 */
export async function getEncryptionKeys(
  context: AccessTokenContext,
  session: Session,
): Promise<readonly EncryptionKey[]> {
  const response = await callSigned(context, session, '/wxa/business/getuserencryptkey')
  return processEncryptionKeysResponse(response)
}

/**
 * Gives the user a new session_key, in a new session with the lifetime of the old one, which ends.
 *
 * @throws {Problem} what resetusersessionkey can fail with; `session_invalid` if the session has
 * ended in the meantime, as far as this location can tell
 */
export function resetSessionKey(context: AccessTokenContext, session: Session): Promise<Login> {
  const login = resetOnce(context, session)
  // WeChat may have replaced the key already: a phone that hangs up must not lose the new one.
  context.runtime.waitUntil(login.catch(() => undefined))
  return login
}

async function resetOnce(context: AccessTokenContext, session: Session): Promise<Login> {
  const response = await callSigned(context, session, '/wxa/resetusersessionkey')
  const user = processResetSessionKeyResponse(response, session)
  const { config, runtime } = context
  const now = runtime.now()
  // A log-out, or another reset, may have come while WeChat was answering.
  if (!(await findSessionById(config, { ...session, now }))) throw new Problem('session_invalid')
  const { userAgent, claims, createdAt, expiresAt } = session
  const lifetime = { createdAt, expiresAt }
  return replaceSession(config, user, { userAgent, replaced: session, claims, now, lifetime })
}

async function callSigned(
  context: AccessTokenContext,
  { appid, openid, session_key }: Session,
  path: Parameters<typeof sessionKeyRequest>[0],
): Promise<WeChatResponse> {
  const signature = await sessionKeySignature(session_key)
  return callWithAccessToken(context, requireMiniProgram(context.config, appid), (access_token) =>
    sessionKeyRequest(path, { access_token, openid, signature }),
  )
}
