/** JWT access tokens, which `hosts` get in place of the session's token. They are in memory only. */

import { Code2SessionError } from './error'
import { readFields } from './fields'
import type { Login } from './login'
import type { Settings } from './options'
import { sendToServer } from './send'
import type { Wx } from './wx'

export type AccessTokens = ReturnType<typeof createAccessTokens>

/** How many seconds before its end a JWT access token is renewed, unless half of its time is less. */
const MARGIN_SECONDS = 30

/** A JWT access token belongs to one session: with another session, it is never used again. */
interface Held {
  readonly sessionToken: string
  readonly accessToken: string
  /** Unix milliseconds on the clock of this phone. */
  readonly renewAt: number
}

export function createAccessTokens(wx: Wx, { baseUrl }: Settings, login: Login) {
  let held: Held | null = null
  let pending: { readonly sessionToken: string; readonly answer: Promise<string> } | null = null

  /** The JWT access token of a session. Calls at the same time share one request. */
  async function find(sessionToken: string): Promise<string> {
    if (held?.sessionToken === sessionToken && Date.now() < held.renewAt) return held.accessToken
    if (pending?.sessionToken !== sessionToken) {
      const asked = { sessionToken, answer: ask(sessionToken) }
      const done = () => {
        if (pending === asked) pending = null
      }
      asked.answer.then(done, done)
      pending = asked
    }
    return pending.answer
  }

  async function ask(sessionToken: string): Promise<string> {
    const options = { url: `${baseUrl}/session/access-token`, method: 'POST' } as const
    const { data, statusCode } = await sendToServer(wx, options, sessionToken)
    const { accessToken, expiresIn } = readFields(data)
    if (typeof accessToken !== 'string') {
      throw new Code2SessionError('answer_invalid', 'stop', { statusCode })
    }
    // A log-out or another login has ended the session meanwhile, as the server would say now.
    if (login.current()?.token !== sessionToken) {
      throw new Code2SessionError('session_invalid', 'login_again', { statusCode: 401 })
    }
    const seconds = Number(expiresIn)
    const renewAt = Date.now() + Math.max(seconds - MARGIN_SECONDS, seconds / 2) * 1000
    held = { sessionToken, accessToken, renewAt }
    return accessToken
  }

  return {
    /** Of the session that there is, or of a new one if the request may log in. */
    token: async (mayLogIn: boolean): Promise<string | undefined> => {
      const logouts = login.logouts()
      const sessionToken = await login.token(mayLogIn)
      if (!sessionToken) return undefined
      try {
        return await find(sessionToken)
      } catch (error) {
        if (readFields(error).statusCode !== 401) throw error
        login.forget(sessionToken)
        if (mayLogIn && login.logouts() !== logouts) throw error
        const newToken = await login.token(mayLogIn)
        return newToken && find(newToken)
      }
    },
    /** Forgets a JWT access token that a host has refused. A newer one stays. */
    forget: (accessToken: string): void => {
      if (held?.accessToken === accessToken) held = null
    },
  }
}
