/** What is done with the session_key of a session: check it at WeChat, replace it, sign with it. */

import { Problem } from '../core/problem'
import { type LookupContext, requireMiniProgram } from './mini-program-lookup'
import { findSessionById, type Login, replaceSession, type Session } from './sessions'
import { type AccessTokenContext, callWithAccessToken } from './wechat/access-token'
import type { WeChatResponse } from './wechat/api'
import {
  type EncryptionKey,
  processCheckSessionResponse,
  processEncryptionKeysResponse,
  processResetSessionKeyResponse,
  sessionKeyRequest,
  sessionKeySignature,
} from './wechat/session-key'

/** What a call about a session_key needs. */
type KeyContext = AccessTokenContext & LookupContext

/**
 * Whether WeChat regards this session's key as the current one.
 *
 * @throws {Problem} what the OpenAPI document lists for `POST /session/check`
 */
export async function checkSessionKey(context: KeyContext, session: Session): Promise<boolean> {
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
 * @throws {Problem} what the OpenAPI document lists for `POST /session-key/encryption-keys`
 */
export async function getEncryptionKeys(
  context: KeyContext,
  session: Session,
): Promise<readonly EncryptionKey[]> {
  const response = await callSigned(context, session, '/wxa/business/getuserencryptkey')
  return processEncryptionKeysResponse(response)
}

/**
 * Gives the user a new session_key, in a new session with the lifetime of the old one, which ends.
 *
 * @throws {Problem} what the OpenAPI document lists for `POST /session/reset`
 */
export function resetSessionKey(context: KeyContext, session: Session): Promise<Login> {
  const login = resetOnce(context, session)
  // WeChat may have replaced the key already: a phone that hangs up must not lose the new one.
  context.runtime.waitUntil(login.catch(() => undefined))
  return login
}

async function resetOnce(context: KeyContext, session: Session): Promise<Login> {
  const response = await callSigned(context, session, '/wxa/resetusersessionkey')
  const user = processResetSessionKeyResponse(response, session)
  // A log-out, or another reset, may have come while WeChat was answering.
  if (!(await findSessionById(context, session))) throw new Problem('session_invalid')
  const { userAgent, claims, createdAt, expiresAt } = session
  const lifetime = { createdAt, expiresAt }
  return replaceSession(context, user, { userAgent, replaced: session, claims, lifetime })
}

async function callSigned(
  context: KeyContext,
  { appid, openid, session_key }: Session,
  path: Parameters<typeof sessionKeyRequest>[0],
): Promise<WeChatResponse> {
  const signature = await sessionKeySignature(session_key)
  const miniProgram = await requireMiniProgram(context, appid)
  return callWithAccessToken(context, miniProgram, (access_token) =>
    sessionKeyRequest(path, { access_token, openid, signature }),
  )
}
