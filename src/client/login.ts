/** The session on the phone: one login at a time, kept in memory and in `wx` storage. */

import { Code2SessionError, loginFailed } from './error'
import type { ClientOptions } from './options'
import { failureOf, send, waitToRetry } from './send'
import { promised, type Wx, within } from './wx'

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
  let logouts = 0

  /** The session at hand, unless it has expired. */
  function current(): Session | null {
    if (kept === undefined) kept = load()
    return kept && Date.now() < kept.expiresAt ? kept : null
  }

  function load(): Session | null {
    try {
      const value = Object(wx.getStorageSync(storageKey)) as Partial<Session>
      const isSession = typeof value.token === 'string' && typeof value.expiresAt === 'number'
      return isSession ? (value as Session) : null
    } catch (_) {
      return null
    }
  }

  function keep(session: Session | null): void {
    kept = session
    try {
      if (session) wx.setStorageSync(storageKey, session)
      else wx.removeStorageSync(storageKey)
    } catch (_) {
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
    const failure = failureOf(response)
    if (failure) throw failure
    const { token, userId, expiresIn } = Object(response.data)
    if (typeof token !== 'string' || typeof expiresIn !== 'number') {
      throw new Code2SessionError('answer_invalid', 'stop', { statusCode: response.statusCode })
    }
    const session = { token, userId, expiresAt: Date.now() + expiresIn * 1000 }
    keep(session)
    return session
  }

  async function wxLogin(): Promise<string> {
    const asked = promised<{ code: string }>((callbacks) => wx.login(callbacks), loginFailed)
    const late = () => loginFailed({ errMsg: 'login:fail timeout' })
    const { code } = Object(await within(loginTimeout, asked, late))
    if (!code) throw loginFailed({ errMsg: 'login:fail no code' })
    return code
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
    forget: (token: string): void => {
      if (kept && kept.token === token) keep(null)
    },
    /** How often the user has logged out: who asked before that must not log in again after it. */
    logouts: () => logouts,
    /** Forgets the session because the user wants it, and gives it to be ended. */
    logOut: async (): Promise<Session | null> => {
      logouts++
      // A login under way would bring a session after all.
      if (flight) await flight.catch(() => null)
      const session = current()
      keep(null)
      return session
    },
  }
}
