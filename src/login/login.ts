/** The login: exchange the code, store a session, end the one that it replaces. */

import { Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { createSingleFlight, type SingleFlight } from '../lib/single-flight'
import { askLoginHook, type Claims, type HookContext } from './hooks'
import { chooseMiniProgram, type LookupContext } from './mini-program-lookup'
import type { MiniProgram } from './mini-programs'
import { endSession, type Login, openSession, replaceSession, toUserId } from './sessions'
import { type CallContext, callWeChat } from './wechat/api'
import {
  code2SessionRequest,
  processCode2SessionResponse,
  type WeChatUser,
} from './wechat/code2session'

export interface LoginRequest {
  /** `null` if the request names no mini program; then there must be only one. */
  readonly appid: string | null
  /** The code that `wx.login` gave the mini program. */
  readonly code: string
  /** The token of the session that this login replaces, if one was sent. */
  readonly token: string | null
  readonly userAgent: string | null
}

/** A login, and the session that it ended. */
interface SharedLogin {
  readonly login: Login
  readonly replacedId: string | null
}

export interface LoginContext extends CallContext, LookupContext {
  /**
   * Logins in progress, by appid and code. WeChat takes a code once, so concurrent logins with the
   * same code in one isolate share one exchange and one session. Other isolates do not know of it.
   */
  readonly logins: SingleFlight<SharedLogin>
}

export function createSharedLogins({ waitUntil, deadline }: Runtime): LoginContext['logins'] {
  const onTimeout = () => new Problem('wechat_timeout')
  return createSingleFlight({ waitUntil, deadline, onTimeout })
}

/**
 * Exchanges a code for a new session, and ends the session whose token was sent along.
 *
 * @throws {Problem} what the OpenAPI document lists for `POST /login`
 */
export async function login(context: LoginContext, request: LoginRequest): Promise<Login> {
  const { code, token } = request
  const miniProgram = await chooseMiniProgram(context, request.appid)
  // Read while WeChat answers. The new session keeps its key, so the write waits for both.
  const replacing = token ? openSession(context, token).catch(failSpent) : null
  const sharing = context.logins(`${miniProgram.appid}:${code}`, async () => {
    const user = await exchangeCode(context, miniProgram, code)
    const replaced = await replacing
    const claims = await askAboutUser(context, user, request.userAgent)
    const options = { userAgent: request.userAgent, replaced, claims }
    // The old session ends last: a store that takes no writes signs nobody out.
    const login = await replaceSession(context, user, options).catch(failSpent)
    return { login, replacedId: replaced?.id ?? null }
  })
  const [shared, replaced] = await Promise.all([sharing, replacing])
  // A caller that joined may have sent another session's token than the one that started.
  if (replaced && replaced.id !== shared.replacedId) await endSession(context, replaced)
  return shared.login
}

async function exchangeCode(
  context: CallContext,
  miniProgram: MiniProgram,
  code: string,
): Promise<WeChatUser> {
  const request = code2SessionRequest(miniProgram, code)
  return processCode2SessionResponse(await callWeChat(context, miniProgram.appid, request))
}

async function askAboutUser(
  context: HookContext,
  { appid, openid, unionid }: WeChatUser,
  userAgent: string | null,
): Promise<Claims | null> {
  if (!context.hooks) return null
  const userId = await toUserId({ appid, openid })
  return askLoginHook(context, { appid, userId, openid, unionid, userAgent })
}

/** The code is with WeChat by now, so another attempt needs another one. */
function failSpent(error: unknown): never {
  if (!(error instanceof Problem)) throw error
  const detail = 'The session could not be stored. The code is spent; call wx.login for a new one.'
  throw error.with({ detail })
}
