/**
 * Open data in the order that trips everyone: a session with a current key first, then the data,
 * then the server.
 */

import { Code2SessionError, wxFailed } from './error'
import type { Login, Session } from './login'
import type { Call } from './request'
import { promised, type Wx, type WxOpenData, within } from './wx'

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
  // What a wx lacks fails when it is called, like anything else it cannot do.
  const all = wx as Required<Wx>

  async function ready(): Promise<Session> {
    const session = await login.session()
    const asked = promised((callbacks) => wx.checkSession(callbacks), wxFailed)
    try {
      await within(CHECK_MILLISECONDS, asked, () => wxFailed(null))
      return session
    } catch (_) {
      return renewed(session)
    }
  }

  /** Another session than this one: what another call has brought meanwhile will do. */
  function renewed(old: Session): Promise<Session> {
    const session = login.current()
    return session && session.token !== old.token ? login.session() : login.login()
  }

  async function openData(fetchData: () => Promise<WxOpenData>): Promise<OpenData> {
    const session = await ready()
    try {
      return await decrypt(await fetched(fetchData))
    } catch (error) {
      if (!isStale(error)) throw error
      // wx.checkSession knows of the phone's key, not of the server's: only a login brings them
      // together, and only data fetched after it is under the new one.
      await renewed(session)
      return decrypt(await fetched(fetchData))
    }
  }

  async function fetched(fetchData: () => Promise<WxOpenData>): Promise<WxOpenData> {
    try {
      return Object(await fetchData())
    } catch (error) {
      throw wxFailed(error)
    }
  }

  function decrypt({ encryptedData, iv, rawData, signature }: WxOpenData): Promise<OpenData> {
    const signed = rawData && signature ? { rawData, signature } : {}
    const data = { encryptedData, iv, ...signed }
    return call('POST', '/open-data/decrypt', data) as Promise<OpenData>
  }

  async function phoneNumber(detail: PhoneDetail): Promise<PhoneNumber> {
    const { code, encryptedData, iv } = Object(detail) as PhoneDetail
    if (!code && !encryptedData) throw wxFailed(detail)
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
      openData(() => promised((c) => all.getUserInfo({ withCredentials: true, ...c }), wxFailed)),
    weRun: () => openData(() => promised((c) => all.getWeRunData(c), wxFailed)),
  }
}

/** How long `wx.checkSession` may take, in milliseconds; after that a login tells. */
const CHECK_MILLISECONDS = 5000

function isStale(error: unknown): boolean {
  const { code } = error as Code2SessionError
  return code === 'session_key_stale' || code === 'watermark_expired'
}
