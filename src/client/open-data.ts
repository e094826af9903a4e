/**
 * Open data in the order that trips everyone: a session with a current key first, then the data,
 * then the server.
 */

import { Code2SessionError } from './error'
import type { Login, Session } from './login'
import type { Call } from './request'
import { promised, type Wx, type WxOpenData } from './wx'

/** Decrypted open data; `timestamp` is ISO 8601. */
export interface OpenData {
  readonly data: Record<string, unknown>
  readonly timestamp: string
}

/** `e.detail` of a phone button. */
export interface PhoneDetail {
  readonly code?: string
  readonly encryptedData?: string
  readonly iv?: string
  readonly errMsg?: string
  readonly errno?: number
}

export interface PhoneNumber {
  readonly phoneNumber: string
  readonly purePhoneNumber: string
  readonly countryCode: string
}

export function createOpenData(wx: Wx, login: Login, call: Call) {
  async function ready(): Promise<Session> {
    const session = await login.session()
    try {
      await promised((callbacks) => wx.checkSession(callbacks), failed)
      return session
    } catch {
      return login.login()
    }
  }

  async function openData(fetchData: () => Promise<WxOpenData>): Promise<OpenData> {
    await ready()
    try {
      return await decrypt(await fetchData())
    } catch (error) {
      if (!isStale(error)) throw error
      // wx.checkSession knows of the phone's key, not of the server's: only a login brings them
      // together, and only data fetched after it is under the new one.
      await login.login()
      return decrypt(await fetchData())
    }
  }

  function decrypt({ encryptedData, iv, rawData, signature }: WxOpenData): Promise<OpenData> {
    const signed = rawData && signature ? { rawData, signature } : {}
    const data = { encryptedData, iv, ...signed }
    return call('POST', '/open-data/decrypt', data) as Promise<OpenData>
  }

  async function phoneNumber(detail: PhoneDetail): Promise<PhoneNumber> {
    const { code, encryptedData, iv, errMsg = '', errno } = detail
    if (!code && !encryptedData) throw failed({ errMsg, ...(errno !== undefined && { errno }) })
    try {
      const data = code ? { code } : { encryptedData, iv }
      return (await call('POST', '/phone-number', data)) as PhoneNumber
    } catch (error) {
      const isSpent = (error as Code2SessionError).code === 'code_invalid'
      if (!isSpent && !isStale(error)) throw error
      // A login in a tap's callback comes too late for that tap, and in time for the next.
      if (!code) await login.login()
      throw new Code2SessionError('tap_required', 'login_again', {
        detail: 'This phone number can no longer be opened. The user has to tap again.',
      })
    }
  }

  return {
    ready,
    openData,
    phoneNumber,
    userInfo: () =>
      openData(() =>
        promised((callbacks) => {
          if (!wx.getUserInfo) return callbacks.fail(MISSING)
          return wx.getUserInfo({ withCredentials: true, ...callbacks })
        }, failed),
      ),
    weRun: () =>
      openData(() =>
        promised((callbacks) => {
          if (!wx.getWeRunData) return callbacks.fail(MISSING)
          return wx.getWeRunData(callbacks)
        }, failed),
      ),
  }
}

const MISSING = { errMsg: 'this wx does not have it' }

function isStale(error: unknown): boolean {
  const { code } = error as Code2SessionError
  return code === 'session_key_stale' || code === 'watermark_expired'
}

/** A failure of `wx`, or a refusal of the user: nothing to repeat by itself. */
function failed(failure: { errMsg: string; errno?: number }): Code2SessionError {
  return new Code2SessionError('wx_failed', 'stop', failure)
}
