/** The login itself: exchange, store, end what it replaces. No HTTP in here. */

import type { App, Config } from './config'
import type { Deps } from './deps'
import { createSession, endSession, findSession, type Session } from './sessions'
import { callWeChat } from './wechat/api'
import { code2SessionCall, judgeCode2Session } from './wechat/code2session'

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
  const flights = new Map<string, Promise<{ login: Login; replacedId: string | null }>>()

  return async function login(config, request) {
    // Looked up first: if KV is down, the code is still unspent when the client tries again.
    const replaced = request.token ? await findSession(config, request.token, deps.now()) : null
    const name = `${request.app.appid}:${request.code}`
    let flight = flights.get(name)
    if (!flight) {
      flight = fly(config, request, replaced).finally(() => flights.delete(name))
      flights.set(name, flight)
      // Others may come to wait for it, and its code is spent: a phone that hangs up must not take
      // it down.
      deps.waitUntil(flight.catch(() => undefined))
    }
    const { login, replacedId } = await flight
    if (replaced && replaced.id !== replacedId) await endSession(config, replaced)
    return login
  }

  async function fly(
    config: Config,
    { app, code, userAgent }: LoginRequest,
    replaced: Session | null,
  ) {
    const answer = await callWeChat(deps, config, app.appid, code2SessionCall(app, code))
    const user = judgeCode2Session(answer)
    const login = await createSession(config, user, { userAgent, replaced, now: deps.now() })
    if (replaced) await endSession(config, replaced)
    return { login, replacedId: replaced?.id ?? null }
  }
}
