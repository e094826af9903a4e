/** The number behind the phone button. */

import { invalidRequest } from '../core/problem'
import { requireMiniProgram } from './mini-programs'
import { decryptData } from './session-key'
import type { Session } from './sessions'
import { type AccessTokenContext, callWithAccessToken } from './wechat/access-token'
import type { EncryptedData } from './wechat/open-data'
import {
  type PhoneNumber,
  parsePhoneNumber,
  phoneNumberRequest,
  processPhoneNumberResponse,
} from './wechat/phone-number'

/** The phone button's code, or the data that it encrypted. */
export type PhoneNumberRequest = { readonly code: string } | EncryptedData

/**
 * @throws {Problem} what getPhoneNumber or {@link decryptData} fails with; `invalid_request`
 * for data without a phone number
 */
export async function getPhoneNumber(
  context: AccessTokenContext,
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
  context: AccessTokenContext,
  { appid, openid }: Session,
  code: string,
): Promise<PhoneNumber> {
  const miniProgram = requireMiniProgram(context.config, appid)
  const response = await callWithAccessToken(context, miniProgram, (access_token) =>
    phoneNumberRequest(access_token, { code, openid }),
  )
  return processPhoneNumberResponse(response)
}
