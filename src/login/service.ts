/**
 * The service behind HTTP and RPC: everything that the Worker can do. Both entry points parse their
 * input into typed values, call it, and give its results and {@link Problem}s their form.
 */

import { type FinishRequest, startRequest } from '../core/log'
import { Problem } from '../core/problem'
import type { LogEntry, Runtime } from '../core/runtime'
import { once } from '../lib/once'
import { perEnv } from '../lib/per-env'
import { createSingleFlight, type SingleFlight } from '../lib/single-flight'
import { type Config, parseConfig } from './config'
import type { Hooks } from './hooks'
import { issueJwt, type Jwt } from './jwt'
import { importJwtIssuer, type Jwk } from './jwt-issuer'
import { createSharedLogins, type LoginContext, type LoginRequest, login } from './login'
import { chooseMiniProgram, createFoundMiniPrograms } from './mini-program-lookup'
import {
  type DecryptRequest,
  decryptData,
  getPhoneNumber,
  type PhoneNumberRequest,
  verifyData,
} from './open-data'
import { checkPushUrl, findPushEndpoint, type PushRequest, receivePush } from './push-events'
import { checkSessionKey, getEncryptionKeys, resetSessionKey, signText } from './session-key'
import type { SessionSummary } from './session-record'
import {
  endAllSessions,
  endSession,
  endSessionById,
  findSession,
  type Login,
  listSessions,
  openSession,
  type Session,
} from './sessions'
import { type VerifiedToken, type VerifyContext, verifyToken } from './verify-token'
import {
  type AccessTokenContext,
  callWithAccessToken,
  createAccessTokenCache,
} from './wechat/access-token'
import type { OpenData, SignedData } from './wechat/open-data'
import { type PassThroughRequest, passThrough } from './wechat/pass-through'
import type { PhoneNumber } from './wechat/phone-number'
import type { EncryptionKey } from './wechat/session-key'
import {
  processSubscribeMessageResponse,
  type SubscribeMessage,
  subscribeMessageRequest,
} from './wechat/subscribe-message'

/**
 * All operations. Each rejects with a {@link Problem} whose code is among those that the OpenAPI
 * document lists for the operation.
 *
 * @example
 * const signOut = (service: Service, userId: string) => service.endAllSessions({ userId })
 */
export interface Service {
  /**
   * The settings.
   *
   * @throws {Problem} `misconfigured`
   */
  readonly config: Config

  /** Writes one log entry. */
  log(entry: LogEntry): void

  /** Starts timing a request. The returned function writes its log line, and returns its record. */
  startRequest(): FinishRequest

  /** Exchanges a code of `wx.login` for a new session, and ends the one whose token came along. */
  login(request: LoginRequest): Promise<Login>

  /** The live session of a token. Without one, it rejects with `session_invalid`. */
  authenticate(token: string): Promise<Session>

  /**
   * The session of a token that is about to end it, or others of its user: its mini program need not be
   * one of ours any more. Without one, it rejects with `session_invalid`.
   */
  authenticateToEnd(token: string): Promise<Session>

  /** The live session of a token; `null` if it has none. */
  findSession(token: string): Promise<Session | null>

  /** The live session of a session's token or of a JWT access token; `null` if it has none. */
  verifyToken(token: string): Promise<VerifiedToken | null>

  /** Issues a JWT access token for this session. */
  issueJwt(session: Session): Promise<Jwt>

  /** The public keys that JWT access tokens are verified with. */
  jwks(): Promise<readonly Jwk[]>

  /** All live sessions of this session's user, newest first. */
  listSessions(session: Session): Promise<readonly SessionSummary[]>

  /** Ends a session; one that has ended is no error. */
  endSession(session: Session): Promise<void>

  /** Ends a session of this session's user by its id. */
  endSessionById(session: Session, id: string): Promise<void>

  /** Ends all of a user's sessions; the one that asks, if one does, as the last. */
  endAllSessions(user: { readonly userId: string; readonly lastId?: string }): Promise<void>

  /** Verifies signed data: rawData, parsed. */
  verifyData(session: Session, signed: SignedData): Promise<unknown>

  /** Decrypts open data, and verifies the signed data that came along first. */
  decryptData(session: Session, request: DecryptRequest): Promise<OpenData>

  /** The number behind the phone button. */
  phoneNumber(session: Session, request: PhoneNumberRequest): Promise<PhoneNumber>

  /** Whether WeChat regards this session's key as the current one. */
  checkSessionKey(session: Session): Promise<boolean>

  /** Gives the user a new session_key in a new session, with the lifetime of this one, which ends. */
  resetSessionKey(session: Session): Promise<Login>

  /** Signs a text with the session_key: hex, lower case. The text must not be empty. */
  sign(session: Session, text: string): Promise<string>

  /** The user's newest keys of `wx.getUserCryptoManager`. */
  encryptionKeys(session: Session): Promise<readonly EncryptionKey[]>

  /** Passes a call on to WeChat with an access_token: WeChat's response as it is. */
  passThrough(request: PassThroughRequest & { readonly appid: string | null }): Promise<Response>

  /** Ends the session of a token, if it has one. */
  revoke(token: string): Promise<void>

  /** Sends one subscribe message. */
  sendSubscribeMessage(message: SubscribeMessage): Promise<void>

  /**
   * Rejects with `not_found` where there is no push endpoint for this mini program.
   *
   * @param beforeAsking Runs before the hook is asked about an AppID that it has not found before
   */
  requirePush(appid: string | null, beforeAsking: () => Promise<void>): Promise<void>

  /** Answers WeChat's URL check: the exact text to send. */
  checkPushUrl(request: PushRequest): Promise<string>

  /** Takes a pushed message: JSON, plain or in safe mode. The exact text to answer. */
  receivePush(request: PushRequest & { readonly body: string }): Promise<string>
}

/**
 * What {@link createService} takes.
 *
 * @example
 * const options: ServiceOptions = { hooks: { onLogin: () => ({ claims: { role: 'reader' } }) } }
 */
export interface ServiceOptions {
  readonly hooks?: Hooks
}

/**
 * Makes the service. Keep what it returns for as long as the isolate lives: access_tokens and
 * logins in progress are shared within it.
 *
 * @param runtime The outside world: `workersRuntime` in a Worker
 * @param options.hooks Hooks in the same Worker; by default those bound as `HOOKS`
 * @returns The service for a Worker's `env`, made once per `env`
 * @example
 * const service = createService(workersRuntime)
 * const session = await service(env).authenticate(token)
 */
export function createService(
  runtime: Runtime,
  { hooks }: ServiceOptions = {},
): (env: object) => Service {
  const shared: Shared = {
    runtime,
    logins: createSharedLogins(runtime),
    endings: createSharedEndings(runtime),
    accessTokens: createAccessTokenCache(runtime),
    foundMiniPrograms: createFoundMiniPrograms(runtime),
    passedOver: new Set(),
    hooks: hooks ?? null,
  }
  return perEnv((env) => bindService(shared, env))
}

/** What all requests of an isolate share. */
interface Shared extends Omit<LoginContext & AccessTokenContext, 'config'> {
  /** Ends of all sessions in progress, by the session that asks: each costs a list of KV. */
  readonly endings: SingleFlight<void>
}

function createSharedEndings({ waitUntil, deadline }: Runtime): Shared['endings'] {
  const reason = 'another request of this session, which ends all sessions, did not finish'
  const onTimeout = () => new Problem('store_unavailable', { log: { reason } })
  return createSingleFlight({ waitUntil, deadline, onTimeout })
}

/** `async` throughout, so that wrong settings reject like any other failure. */
function bindService(shared: Shared, env: object): Service {
  const { runtime } = shared
  let bound: (LoginContext & AccessTokenContext & VerifyContext) | null = null
  const context = () => {
    if (bound) return bound
    const config = parseConfig(env, shared.hooks)
    const { faults, hooks } = config
    if (faults.length > 0) runtime.log({ level: 'error', code: 'misconfigured', settings: faults })
    const jwtIssuer = once(() => importJwtIssuer(config))
    bound = { ...shared, config, jwtIssuer, hooks }
    return bound
  }

  const jwtIssuer = async () => context().jwtIssuer()

  return {
    get config() {
      return context().config
    },
    log: runtime.log,
    startRequest: () => startRequest(runtime),
    login: async (request) => login(context(), request),
    authenticate: async (token) => requireSession(await findSession(context(), token)),
    authenticateToEnd: async (token) => requireSession(await openSession(context(), token)),
    findSession: async (token) => findSession(context(), token),
    verifyToken: async (token) => verifyToken(context(), token),
    issueJwt: async (session) => issueJwt(await jwtIssuer(), session, runtime.now()),
    jwks: async () => (await jwtIssuer()).jwks,
    listSessions: async (session) => listSessions(context(), session),
    endSession: async (session) => endSession(context(), session),
    endSessionById: async ({ userId }, id) => {
      if (await endSessionById(context(), { userId, id })) return
      throw new Problem('not_found', { detail: 'You have no session with this id.' })
    },
    endAllSessions: async (user) => {
      const end = async () => endAllSessions(context(), user)
      return user.lastId === undefined ? end() : shared.endings(user.lastId, end)
    },
    verifyData: async (session, signed) => verifyData(context(), session, signed),
    decryptData: async (session, request) => decryptData(context(), session, request),
    phoneNumber: async (session, request) => getPhoneNumber(context(), session, request),
    checkSessionKey: async (session) => checkSessionKey(context(), session),
    resetSessionKey: async (session) => resetSessionKey(context(), session),
    sign: async (session, text) => signText(session, text),
    encryptionKeys: async (session) => getEncryptionKeys(context(), session),
    passThrough: async ({ appid, ...request }) =>
      passThrough(context(), await chooseMiniProgram(context(), appid), request),
    revoke: async (token) => {
      const session = await openSession(context(), token)
      if (session) await endSession(context(), session)
    },
    sendSubscribeMessage: async (message) => {
      const miniProgram = await chooseMiniProgram(context(), message.appid ?? null)
      const response = await callWithAccessToken(context(), miniProgram, (access_token) =>
        subscribeMessageRequest(access_token, message),
      )
      processSubscribeMessageResponse(response)
    },
    requirePush: async (appid, beforeAsking) => {
      await findPushEndpoint(context(), appid, beforeAsking)
    },
    checkPushUrl: async (request) => checkPushUrl(context(), request),
    receivePush: async (request) => receivePush(context(), request),
  }
}

function requireSession(session: Session | null): Session {
  if (!session) throw new Problem('session_invalid')
  return session
}
