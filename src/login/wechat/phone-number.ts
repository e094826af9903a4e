/**
 * getPhoneNumber: exchanges the phone button's code, which is not the code of `wx.login`.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html
 */

import { Problem } from '../../core/problem'
import { isObject } from '../../lib/encoding'
import { badResponse, type WeChatRequest, type WeChatResponse, wechatError } from './api'

export interface PhoneNumber {
  /** With the country code in front, unless it is a mainland number. */
  readonly phoneNumber: string
  readonly purePhoneNumber: string
  readonly countryCode: string
}

/** @param openid With it, WeChat checks that the code is this user's. */
export function phoneNumberRequest(
  access_token: string,
  { code, openid }: { code: string; openid: string },
): WeChatRequest {
  return {
    path: '/wxa/business/getuserphonenumber',
    query: { access_token },
    body: { code, openid },
  }
}

/**
 * @throws {Problem} what the errcode stands for, `watermark_mismatch`, or `wechat_unavailable`
 */
export function processPhoneNumberResponse(response: WeChatResponse): PhoneNumber {
  if (response.errcode !== 0) throw wechatError(response, 'phone_number')
  const { phone_info } = response.fields
  const number = parsePhoneNumber(phone_info)
  if (!number || !isObject(phone_info)) throw badResponse('phone_info is missing')
  const { watermark } = phone_info
  if (!isObject(watermark) || watermark.appid !== response.appid) {
    throw new Problem('watermark_mismatch')
  }
  return number
}

/** The number in these fields, from WeChat's API or from open data; `null` if there is none. */
export function parsePhoneNumber(fields: unknown): PhoneNumber | null {
  if (!isObject(fields)) return null
  const { phoneNumber, purePhoneNumber, countryCode } = fields
  if (typeof phoneNumber !== 'string' || typeof purePhoneNumber !== 'string') return null
  // WeChat's documentation has shown it as a number, too.
  if (typeof countryCode !== 'string' && typeof countryCode !== 'number') return null
  return { phoneNumber, purePhoneNumber, countryCode: String(countryCode) }
}
