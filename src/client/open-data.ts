/**
 * Open data in the only order that works: first a session with a current session_key, then the
 * data from `wx`, then its decryption by the server.
 */

import { Code2SessionError, wxFailed } from './error'
import { readFields } from './fields'
import type { Login } from './login'
import type { Call } from './request'
import type { Session } from './session-store'
import { callWx, type Wx, type WxOpenData, withTimeout } from './wx'

/**
 * Decrypted open data.
 *
 * @example
 * ```ts
 * const { data, timestamp }: OpenData<WeRunData> = await client.weRun()
 * ```
 */
export interface OpenData<Data = Record<string, unknown>> {
  /** The decrypted fields, without `openId`, `unionId` and `watermark`. */
  readonly data: Data
  /** When WeChat encrypted the data, as ISO 8601. */
  readonly timestamp: string
}

/**
 * What `wx.getUserInfo` gives: since 2021 the same anonymous values for every user.
 *
 * @example
 * ```ts
 * const { data }: OpenData<UserInfo> = await client.userInfo()
 * ```
 */
export interface UserInfo {
  readonly nickName: string
  readonly avatarUrl: string
  /** 0: unknown, 1: male, 2: female. */
  readonly gender: 0 | 1 | 2
  readonly country: string
  readonly province: string
  readonly city: string
  readonly language: string
}

/**
 * What `wx.getWeRunData` gives: the steps of the last 31 days, oldest first.
 *
 * @example
 * ```ts
 * const today = ({ stepInfoList }: WeRunData) => stepInfoList[stepInfoList.length - 1]
 * ```
 */
export interface WeRunData {
  /** `timestamp` is the day, in Unix seconds. */
  readonly stepInfoList: { timestamp: number; step: number }[]
}

/**
 * `e.detail` of `<button open-type="getPhoneNumber">`.
 *
 * @example
 * ```ts
 * const onGetPhoneNumber = (e: { detail: PhoneDetail }) => client.phoneNumber(e.detail)
 * ```
 */
export interface PhoneDetail {
  readonly code?: string
  readonly encryptedData?: string
  readonly iv?: string
  readonly errMsg?: string
  readonly errno?: number
}

/**
 * A phone number.
 *
 * @example
 * ```ts
 * const { purePhoneNumber, countryCode }: PhoneNumber = await client.phoneNumber(e.detail)
 * ```
 */
export interface PhoneNumber {
  /** With the country code if it is not a number of mainland China. */
  readonly phoneNumber: string
  /** Without the country code. */
  readonly purePhoneNumber: string
  readonly countryCode: string
}

export function createOpenData(wx: Wx, login: Login, call: Call) {
  async function ready(): Promise<Session> {
    const session = await login.session()
    const check = callWx(wx, 'checkSession', {}, wxFailed)
    try {
      await withTimeout(CHECK_MILLISECONDS, check, () => wxFailed(null))
      return session
    } catch (_) {
      return renew(session)
    }
  }

  /** A session other than the old one. Calls that find the same session stale share one login. */
  function renew(old: Session): Promise<Session> {
    const session = login.current()
    return session && session.token !== old.token ? login.session() : login.login()
  }

  async function openData<Data>(fetchData: () => Promise<WxOpenData>): Promise<OpenData<Data>> {
    const session = await ready()
    try {
      return await decrypt(fetchData)
    } catch (error) {
      if (!isStale(error)) throw error
      // wx.checkSession checks the phone's key, not the server's. A login makes both the same, and
      // only data fetched after it is encrypted with the new key.
      await renew(session)
      return decrypt(fetchData)
    }
  }

  async function decrypt<Data>(fetchData: () => Promise<WxOpenData>): Promise<OpenData<Data>> {
    const { encryptedData, iv, rawData, signature } = readFields(await callFetchData(fetchData))
    const signed = rawData && signature ? { rawData, signature } : {}
    return call('POST', '/open-data/decrypt', { encryptedData, iv, ...signed })
  }

  async function phoneNumber(detail: PhoneDetail): Promise<PhoneNumber> {
    const { code, encryptedData, iv } = readFields(detail)
    if (!code && !encryptedData) throw wxFailed(detail)
    try {
      return await call('POST', '/phone-number', code ? { code } : { encryptedData, iv })
    } catch (error) {
      if (readFields(error).code !== 'code_invalid' && !isStale(error)) throw error
      // A login now is too late for this tap, whose data stays under the old key, but not for the
      // next one.
      if (!code) await login.login()
      throw new Code2SessionError('tap_required', 'login_again', {
        detail: 'The user has to tap again: this phone number can no longer be decrypted',
      })
    }
  }

  return {
    ready,
    openData,
    phoneNumber,
    userInfo: () =>
      openData<UserInfo>(() => callWx(wx, 'getUserInfo', { withCredentials: true }, wxFailed)),
    weRun: () => openData<WeRunData>(() => callWx(wx, 'getWeRunData', {}, wxFailed)),
  }
}

/** How long `wx.checkSession` may take, in milliseconds, before the client logs in instead. */
const CHECK_MILLISECONDS = 5000

/** Calls a function of the user's, which may throw or reject with anything. */
async function callFetchData(fetchData: () => Promise<WxOpenData>): Promise<WxOpenData> {
  try {
    return await fetchData()
  } catch (error) {
    throw wxFailed(error)
  }
}

/** Whether the data was encrypted with a key that the server does not have, or too long ago. */
function isStale(error: unknown): boolean {
  const { code } = readFields(error)
  return code === 'session_key_stale' || code === 'watermark_expired'
}
