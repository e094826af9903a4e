/** The login itself: exchange, store, end what it replaces. No HTTP in here. */

import type { App, Config } from './config'
import { createFlights } from './lib/single-flight'
import { Problem } from './problem'
import type { Deps } from './runtime'
import { createSession, endSession, findSession, type Session } from './sessions'
import { callWeChat } from './wechat/api'
import { code2SessionCall, judgeCode2Session, type WeChatUser } from './wechat/code2session'

export interface LoginRequest {
  readonly app: App
  /** What `wx.login` gave the mini program. */
  readonly code: string
  /** The token of the session this login replaces, if one was sent. */
  readonly token: string | null
  readonly userAgent: string | null
}

export interface Login {
  /** The new session's token; nobody but the mini program keeps it. */
  readonly token: string
  readonly session: Session
}

/**
 * Makes the login function: exchanges a code, stores a session, ends the one that was carried.
 *
 * Logins with the same code that are under way at once in this isolate share one exchange and one
 * session, since WeChat takes a code once. Other isolates do not know of it.
 *
 * The returned function throws the problems of code2Session, and `store_unavailable`.
 */
export function createLogin(deps: Deps): (config: Config, request: LoginRequest) => Promise<Login> {
  const share = createFlights<{ login: Login; replacedId: string | null }>(deps)

  return async function login(config, { app, code, token, userAgent }) {
    // Looked up first: if KV is down, the code is still unspent when the client tries again.
    const replaced = token ? await findSession(config, token, deps.now()) : null
    const { login, replacedId } = await share(`${app.appid}:${code}`, async () => {
      const answer = await callWeChat(deps, config, app.appid, code2SessionCall(app, code))
      const user = judgeCode2Session(answer)
      const now = deps.now()
      const login = await replaceSession(config, user, { userAgent, replaced, now }).catch(
        codeSpent,
      )
      return { login, replacedId: replaced?.id ?? null }
    })
    // Who joined may have carried another session than who began.
    if (replaced && replaced.id !== replacedId) await endSession(config, replaced)
    return login
  }
}

/**
 * Stores a new session and ends the one it replaces, if any. If that one cannot be ended, neither
 * is the new one left behind: nobody would ever hold its token.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function replaceSession(
  config: Config,
  user: WeChatUser,
  options: { userAgent: string | null; replaced: Session | null; now: number },
): Promise<Login> {
  const login = await createSession(config, user, options)
  if (!options.replaced) return login
  try {
    await endSession(config, options.replaced)
    return login
  } catch (error) {
    await endSession(config, login.session).catch(() => undefined)
    throw error
  }
}

/** The store failed after WeChat had taken the code: trying again takes another one. */
function codeSpent(error: unknown): never {
  if (!(error instanceof Problem)) throw error
  const detail = 'The session could not be stored. The code is spent: try again with a fresh one.'
  throw new Problem(error.code, { ...error.options, detail })
}
