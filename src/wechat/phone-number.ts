/**
 * getPhoneNumber: the phone button's code, which is not the code of `wx.login`, for a number.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html
 */

import { isObject } from '../lib/encoding'
import { Problem } from '../problem'
import { type Answer, type ApiCall, refusal, unusable } from './api'

export interface PhoneNumber {
  /** With the country code in front, if it is not a mainland number. */
  readonly phoneNumber: string
  readonly purePhoneNumber: string
  readonly countryCode: string
}

/** @param openid WeChat then checks that the code is this user's. */
export function phoneNumberCall(access_token: string, code: string, openid: string): ApiCall {
  return {
    path: '/wxa/business/getuserphonenumber',
    query: { access_token },
    body: { code, openid },
  }
}

const CODE_DETAIL =
  'WeChat does not know this phone code: it is older than five minutes, used, or not from the phone button. The user has to tap again.'

/**
 * @throws {Problem} what the errcode stands for, `watermark_mismatch`, or `wechat_unavailable`
 */
export function judgePhoneNumber(answer: Answer): PhoneNumber {
  if (answer.errcode !== 0) {
    // 40013 here means that the code came from another mini program.
    const meaning = { 40013: 'code_invalid' } as const
    const aboutCode = answer.errcode === 40029 || answer.errcode === 40013
    throw refusal(answer, {
      api: 'phone_number',
      meaning,
      ...(aboutCode && { detail: CODE_DETAIL }),
    })
  }
  const { phone_info } = answer.fields
  const number = phoneNumberOf(phone_info)
  if (!number || !isObject(phone_info)) throw unusable('phone_info is missing')
  const { watermark } = phone_info
  if (!isObject(watermark) || watermark.appid !== answer.appid)
    throw new Problem('watermark_mismatch')
  return number
}

/** The number in these fields, from WeChat's API or from open data; `null` if there is none. */
export function phoneNumberOf(fields: unknown): PhoneNumber | null {
  if (!isObject(fields)) return null
  const { phoneNumber, purePhoneNumber, countryCode } = fields
  if (typeof phoneNumber !== 'string' || typeof purePhoneNumber !== 'string') return null
  // WeChat's documentation has shown it as a number, too.
  if (typeof countryCode !== 'string' && typeof countryCode !== 'number') return null
  return { phoneNumber, purePhoneNumber, countryCode: String(countryCode) }
}
