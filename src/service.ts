/**
 * What the Worker can do, without a door: HTTP and RPC call the same functions, which throw
 * {@link Problem}s. The rules are elsewhere; here they meet the outside world and the store.
 */

import { type Config, parseConfig } from './config'
import { parse } from './http/body'
import { countAgainst } from './http/limits'
import { type Decrypt, type PhoneNumberRequest, SubscribeMessageBody } from './http/schemas'
import { createLogin, type Login, replaceSession } from './login'
import { appOf, chooseApp } from './mini-programs'
import { Problem } from './problem'
import { type Deps, workerDeps } from './runtime'
import { endAllSessions, findSession, type Session, sessionKeys } from './sessions'
import { createAuthorizedCall } from './wechat/access-token'
import {
  type EncryptedData,
  type OpenData,
  openEncryptedData,
  verifySignedData,
} from './wechat/open-data'
import {
  judgePhoneNumber,
  type PhoneNumber,
  phoneNumberCall,
  phoneNumberOf,
} from './wechat/phone-number'
import { judgeCheckSession, judgeResetSessionKey, sessionKeyCall } from './wechat/session-key'
import { judgeSubscribeMessage, subscribeMessageCall } from './wechat/subscribe-message'

export type Core = ReturnType<typeof createCore>

/**
 * Makes the core. Keep it for as long as the isolate lives: access_tokens and logins under way are
 * shared within it.
 *
 * @param deps The outside world; the Workers runtime by default.
 */
export function createCore(deps: Deps = workerDeps) {
  const authorizedCall = createAuthorizedCall(deps)
  const configs = new WeakMap<object, Config>()

  /** The settings in a Worker's `env`. */
  function configOf(env: object): Config {
    const config = configs.get(env) ?? parseConfig(env)
    configs.set(env, config)
    return config
  }

  /**
   * The live session of a token. Refuses with `session_invalid`, or `rate_limited` where an address
   * has guessed too often.
   */
  async function verify(config: Config, token: string, ip?: string): Promise<Session> {
    const session = await sessionOf(config, token)
    if (session) return session
    await countAgainst(config.guessLimit, ip)
    throw new Problem('session_invalid', { headers: INVALID_TOKEN })
  }

  /** The live session of a token, or `null` if it has none. */
  function sessionOf(config: Config, token: string): Promise<Session | null> {
    return findSession(config, token, deps.now())
  }

  /** Signed data, parsed. */
  function verifyData(session: Session, signed: { rawData: string; signature: string }) {
    return verifySignedData(signed, sessionKeys(session, deps.now()))
  }

  /** Encrypted data, opened; where signed data comes along, that is verified first. */
  async function decrypt(
    config: Config,
    session: Session,
    { signed, encrypted }: Decrypt,
  ): Promise<OpenData> {
    if (signed) await verifyData(session, signed)
    return openData(config, session, encrypted)
  }

  function openData(config: Config, session: Session, encrypted: EncryptedData) {
    const { appid, openid } = session
    const now = deps.now()
    const keys = sessionKeys(session, now)
    return openEncryptedData(encrypted, { keys, appid, openid, maxAge: config.openDataMaxAge, now })
  }

  /** The number behind the phone button: by its code, or in what it encrypted. */
  async function phoneNumber(
    config: Config,
    session: Session,
    request: PhoneNumberRequest,
  ): Promise<PhoneNumber> {
    const { appid, openid } = session
    if ('code' in request) {
      const answer = await authorizedCall(config, appOf(config, appid), (access_token) =>
        phoneNumberCall(access_token, request.code, openid),
      )
      return judgePhoneNumber(answer)
    }
    const { data } = await openData(config, session, request)
    const number = phoneNumberOf(data)
    if (number) return number
    const errors = [{ path: 'encryptedData', message: 'is not from the phone button' }]
    throw new Problem('invalid_request', { errors })
  }

  /** Whether WeChat still has this session's key for the current one. */
  async function checkSessionKey(config: Config, session: Session): Promise<boolean> {
    const call = await sessionKeyCall('/wxa/checksession', session)
    return judgeCheckSession(await authorizedCall(config, appOf(config, session.appid), call))
  }

  /** Gives the user a new session_key, in a new session; the old one ends. */
  async function resetSessionKey(config: Config, session: Session): Promise<Login> {
    const call = await sessionKeyCall('/wxa/resetusersessionkey', session)
    const reset = async () => {
      const answer = await authorizedCall(config, appOf(config, session.appid), call)
      const user = judgeResetSessionKey(answer, session)
      const { userAgent } = session
      return replaceSession(config, user, { userAgent, replaced: session, now: deps.now() })
    }
    const login = reset()
    // WeChat may have replaced the key already: a phone that hangs up must not lose the new one.
    deps.waitUntil(login.catch(() => undefined))
    return login
  }

  /** Sends one subscribe message, as {@link SubscribeMessageBody} has it. */
  async function sendSubscribeMessage(config: Config, request: unknown): Promise<void> {
    const message = parse(SubscribeMessageBody, request)
    const app = chooseApp(config, { appid: message.appid })
    const answer = await authorizedCall(config, app, (access_token) =>
      subscribeMessageCall(access_token, message),
    )
    judgeSubscribeMessage(answer)
  }

  /** Ends all of a person's sessions. */
  async function revokeUser(config: Config, userId: unknown): Promise<void> {
    if (typeof userId === 'string' && /^[\w-]{43}$/.test(userId)) {
      return endAllSessions(config, { userId })
    }
    const errors = [{ path: 'userId', message: 'must be a userId: 43 characters' }]
    throw new Problem('invalid_request', { errors })
  }

  return {
    deps,
    configOf,
    login: createLogin(deps),
    sessionOf,
    verify,
    verifyData,
    decrypt,
    phoneNumber,
    checkSessionKey,
    resetSessionKey,
    sendSubscribeMessage,
    revokeUser,
  }
}

/** RFC 6750 section 3.1. */
const INVALID_TOKEN = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }
