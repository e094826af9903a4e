/** Open data of a session: signed data to verify, encrypted data to open, and phone numbers. */

import { invalidRequest } from '../core/problem'
import type { Context } from './context'
import { type LookupContext, requireMiniProgram } from './mini-program-lookup'
import type { Session } from './sessions'
import { type AccessTokenContext, callWithAccessToken } from './wechat/access-token'
import {
  type EncryptedData,
  type OpenData,
  openEncryptedData,
  type SignedData,
  verifySignedData,
} from './wechat/open-data'
import {
  type PhoneNumber,
  parsePhoneNumber,
  phoneNumberRequest,
  processPhoneNumberResponse,
} from './wechat/phone-number'

/** Encrypted data, with the signed data that came along, if any. */
export interface DecryptRequest {
  readonly encrypted: EncryptedData
  readonly signed: SignedData | null
}

/**
 * Verifies signed data.
 *
 * @returns rawData, parsed
 * @throws {Problem} what the OpenAPI document lists for `POST /open-data/verify`
 */
export function verifyData(
  { runtime }: Context,
  session: Session,
  signed: SignedData,
): Promise<unknown> {
  return verifySignedData(signed, usableSessionKeys(session, runtime.now()))
}

/**
 * Decrypts open data. Signed data that comes along is verified first.
 *
 * @throws {Problem} what the OpenAPI document lists for `POST /open-data/decrypt`
 */
export async function decryptData(
  context: Context,
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
function usableSessionKeys(session: Session, now: number): readonly string[] {
  const { session_key, previous } = session
  return previous && now < previous.until ? [session_key, previous.session_key] : [session_key]
}

/** The phone button's code, or the data that it encrypted. */
export type PhoneNumberRequest = { readonly code: string } | EncryptedData

/**
 * @throws {Problem} what the OpenAPI document lists for `POST /phone-number`
 */
export async function getPhoneNumber(
  context: AccessTokenContext & LookupContext,
  session: Session,
  request: PhoneNumberRequest,
): Promise<PhoneNumber> {
  if ('code' in request) return exchangePhoneCode(context, session, request.code)
  const { data } = await decryptData(context, session, { encrypted: request, signed: null })
  const number = parsePhoneNumber(data)
  if (!number) throw invalidRequest('encryptedData', 'does not contain a phone number')
  return number
}

async function exchangePhoneCode(
  context: AccessTokenContext & LookupContext,
  { appid, openid }: Session,
  code: string,
): Promise<PhoneNumber> {
  const miniProgram = await requireMiniProgram(context, appid)
  const response = await callWithAccessToken(context, miniProgram, (access_token) =>
    phoneNumberRequest(access_token, { code, openid }),
  )
  return processPhoneNumberResponse(response)
}
