/** Logs in: `wx.login`, then `POST /login`, one login at a time. */

import { Code2SessionError, loginFailed } from './error'
import { readFields } from './fields'
import type { Settings } from './options'
import { sendToServer, waitToRetry } from './send'
import { createSessionStore, parseSession, type Session } from './session-store'
import { callWx, type Wx, withTimeout } from './wx'

export type Login = ReturnType<typeof createLogin>

export function createLogin(wx: Wx, settings: Settings) {
  const { baseUrl, appid, storageKey = 'code2session', loginTimeout = 10_000 } = settings
  const store = createSessionStore(wx, storageKey)
  let pendingLogin: Promise<Session> | null = null
  let logouts = 0

  function login(): Promise<Session> {
    if (!pendingLogin) {
      const done = () => {
        pendingLogin = null
      }
      pendingLogin = loginWithRetry()
      pendingLogin.then(done, done)
    }
    return pendingLogin
  }

  async function loginWithRetry(): Promise<Session> {
    try {
      return await loginOnce()
    } catch (error) {
      const isCodeRefused = readFields(error).action === 'login_again'
      if (!isCodeRefused) await waitToRetry(error)
      return loginOnce()
    }
  }

  /** A code is valid once, so each attempt asks for its own. */
  async function loginOnce(): Promise<Session> {
    const code = await requestCode()
    // With the old token, the server ends the session that this login replaces.
    const old = store.current()
    const url = `${baseUrl}/login`
    const data = appid ? { code, appid } : { code }
    const response = await sendToServer(wx, { url, method: 'POST', data }, old?.token)
    const answer = readFields(response.data)
    const expiresAt = Date.now() + Number(answer.expiresIn) * 1000
    const session = parseSession({ ...answer, expiresAt })
    if (!session) {
      throw new Code2SessionError('answer_invalid', 'stop', { statusCode: response.statusCode })
    }
    store.save(session)
    return session
  }

  async function requestCode(): Promise<string> {
    const pendingCode = callWx(wx, 'login', {}, loginFailed)
    const toError = () => loginFailed({ errMsg: 'login:fail timeout' })
    const { code } = readFields(await withTimeout(loginTimeout, pendingCode, toError))
    if (typeof code !== 'string' || !code) throw loginFailed({ errMsg: 'login:fail no code' })
    return code
  }

  /** The current session, the one of a pending login, or a new one. */
  async function session(): Promise<Session> {
    return (!pendingLogin && store.current()) || login()
  }

  return {
    login,
    session,
    current: store.current,
    forget: store.forget,
    /** The token of the session; of one that there is already, unless the request may log in. */
    token: async (mayLogIn: boolean): Promise<string | undefined> =>
      (mayLogIn ? await session() : store.current())?.token,
    /** How often the user has logged out. A request from before that must not log in again. */
    logouts: () => logouts,
    /** Forgets the session and returns it, so that the caller can end it on the server. */
    logOut: async (): Promise<Session | null> => {
      logouts++
      // A pending login would store a session after this.
      if (pendingLogin) await pendingLogin.catch(() => {})
      const session = store.current()
      store.save(null)
      return session
    },
  }
}
