/** The session on the phone: one login at a time, kept in memory and in `wx` storage. */

import { Code2SessionError } from './error'
import type { ClientOptions } from './options'
import { failureOf, send, waitToRetry } from './send'
import { promised, type Wx } from './wx'

/** What a login came to. */
export interface Session {
  readonly token: string
  readonly userId: string
  /** Unix milliseconds on this phone's clock, which may be wrong: so it is not the server's. */
  readonly expiresAt: number
}

export type Login = ReturnType<typeof createLogin>

export function createLogin(wx: Wx, options: ClientOptions) {
  const { baseUrl, appid, storageKey = 'code2session', loginTimeout = 10_000 } = options
  let kept: Session | null | undefined
  let flight: Promise<Session> | null = null

  /** The session at hand, unless it has expired. */
  function current(): Session | null {
    if (kept === undefined) kept = load()
    return kept && Date.now() < kept.expiresAt ? kept : null
  }

  function load(): Session | null {
    try {
      const value = wx.getStorageSync(storageKey) as Partial<Session> | null | undefined
      const isSession =
        value && typeof value.token === 'string' && typeof value.expiresAt === 'number'
      return isSession ? (value as Session) : null
    } catch {
      return null
    }
  }

  function keep(session: Session | null): void {
    kept = session
    try {
      if (session) wx.setStorageSync(storageKey, session)
      else wx.removeStorageSync(storageKey)
    } catch {
      // Without storage the session lasts as long as the mini program runs.
    }
  }

  function login(): Promise<Session> {
    if (!flight) {
      const done = () => {
        flight = null
      }
      flight = logIn()
      flight.then(done, done)
    }
    return flight
  }

  async function logIn(): Promise<Session> {
    try {
      return await attempt()
    } catch (error) {
      // Whatever went wrong, a second attempt needs a code of its own.
      if ((error as Code2SessionError).action !== 'login_again') await waitToRetry(error)
      return attempt()
    }
  }

  async function attempt(): Promise<Session> {
    const code = await wxLogin()
    const old = current()
    const response = await send(wx, {
      url: `${baseUrl}/login`,
      method: 'POST',
      data: appid ? { code, appid } : { code },
      header: old ? { Authorization: `Bearer ${old.token}` } : {},
    })
    const { token, userId, expiresIn } = Object(response.data)
    if (response.statusCode !== 200) throw failureOf(response)
    if (typeof token !== 'string' || typeof expiresIn !== 'number') {
      throw new Code2SessionError('answer_invalid', 'stop', { statusCode: 200 })
    }
    const session = { token, userId, expiresAt: Date.now() + expiresIn * 1000 }
    keep(session)
    return session
  }

  function wxLogin(): Promise<string> {
    const failed = (failure: { errMsg: string; errno?: number }) =>
      new Code2SessionError('wx_login_failed', 'retry_later', failure)
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(failed({ errMsg: 'login:fail timeout' })), loginTimeout)
    })
    const code = promised<{ code: string }>((callbacks) => wx.login(callbacks), failed)
    return Promise.race([code, late]).then((result) => result.code)
  }

  return {
    login,
    current,
    /** The session at hand, the one that is being made, or a new one. */
    session: (): Promise<Session> => {
      const session = flight ? null : current()
      return session ? Promise.resolve(session) : login()
    },
    /** Forgets a session that has ended; not one that has come since. */
    forget: (token?: string): void => {
      if (!token || (kept && kept.token === token)) keep(null)
    },
  }
}
