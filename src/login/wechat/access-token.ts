/**
 * access_token: the credential that WeChat's server API wants of a backend, one per mini program.
 * It is cached in the isolate and in KV.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html
 */

import type { Runtime } from '../../core/runtime'
import { BoundedMap } from '../../lib/bounded-map'
import { createSingleFlight, type SingleFlight } from '../../lib/single-flight'
import type { MiniProgram } from '../mini-programs'
import { type AccessToken, deleteToken, loadToken, saveToken } from './access-token-store'
import {
  badResponse,
  type CallContext,
  callWeChat,
  UnreadRequest,
  type WeChatRequest,
  type WeChatResponse,
  wechatError,
} from './api'
import { isAccessTokenRejected } from './errcodes'

/** What an isolate remembers, of the last 1,000 mini programs. */
export interface AccessTokenCache {
  readonly tokens: Map<string, AccessToken>
  /** When the last refresh was forced, in Unix seconds. */
  readonly forcedAt: Map<string, number>
  /** The token that was dropped last, and when, in Unix seconds. */
  readonly dropped: Map<string, { readonly access_token: string; readonly at: number }>
  /** Questions for a token in progress. Concurrent calls of an isolate share one. */
  readonly questions: SingleFlight<string>
}

/** What a call with an access_token needs. */
export interface AccessTokenContext extends CallContext {
  readonly accessTokens: AccessTokenCache
}

/** WeChat issues the next token this long before the end, in seconds; both are then valid. */
const RENEW_BEFORE_SECONDS = 300

/** How long after a forced refresh another one may be tried, in seconds. */
const FORCE_AGAIN_SECONDS = 600

/** How long after a token was dropped another one may be, in seconds. */
const DROP_AGAIN_SECONDS = 600

/** How long a call waits for the question of another one, in milliseconds. */
const JOIN_MILLISECONDS = 1000

/** The longest lifetime that WeChat gives a token, in seconds. */
const LONGEST_LIFETIME_SECONDS = 7200

/** WeChat asks for room for 512 characters. */
const ACCESS_TOKEN = /^[\x20-\x7e]{1,2048}$/

export function createAccessTokenCache({ waitUntil, deadline }: Runtime): AccessTokenCache {
  const questions = createSingleFlight<string>({
    waitUntil,
    deadline,
    joinMilliseconds: JOIN_MILLISECONDS,
  })
  return {
    tokens: new BoundedMap(),
    forcedAt: new BoundedMap(),
    dropped: new BoundedMap(),
    questions,
  }
}

/**
 * Calls an API with an access_token, and retries once with a new token if WeChat rejects it.
 *
 * @param toRequest Makes the request for an access_token
 * @throws {Problem} what {@link callWeChat} throws, or the refusal of an access_token
 */
export async function callWithAccessToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  toRequest: (access_token: string) => WeChatRequest,
): Promise<WeChatResponse> {
  const access_token = await getAccessToken(context, miniProgram)
  const response = await callWith(context, miniProgram, { access_token, toRequest })
  if (!isAccessTokenRejected(response.errcode)) return response
  const renewed = await renewAccessToken(context, miniProgram, access_token)
  return callWith(context, miniProgram, { access_token: renewed, toRequest })
}

async function callWith(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  call: { access_token: string; toRequest: (access_token: string) => WeChatRequest },
): Promise<WeChatResponse> {
  const { access_token, toRequest } = call
  try {
    return await callWeChat(context, miniProgram.appid, toRequest(access_token))
  } catch (error) {
    if (error instanceof UnreadRequest) await dropAccessToken(context, miniProgram, access_token)
    throw error
  }
}

/** The token at hand: from this isolate, from KV, or from WeChat. */
export async function getAccessToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
): Promise<string> {
  const { tokens, questions } = context.accessTokens
  const cached = tokens.get(miniProgram.appid)
  if (cached && isFresh(context, cached)) return cached.access_token
  return questions(miniProgram.appid, () => findToken(context, miniProgram))
}

async function findToken(context: AccessTokenContext, miniProgram: MiniProgram): Promise<string> {
  const { tokens, dropped } = context.accessTokens
  const { appid } = miniProgram
  const stored = await loadToken(context, miniProgram)
  const isDropped = stored?.access_token === dropped.get(appid)?.access_token
  if (stored && isFresh(context, stored) && !isDropped) {
    tokens.set(appid, stored)
    return stored.access_token
  }
  return keepToken(context, miniProgram, await fetchToken(context, miniProgram, false))
}

/** A token other than the rejected one. KV may lag behind, so it is not asked. */
export async function renewAccessToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  rejected: string,
): Promise<string> {
  const { tokens, questions } = context.accessTokens
  const cached = tokens.get(miniProgram.appid)
  // Another request has renewed it in the meantime.
  if (cached && isFresh(context, cached) && cached.access_token !== rejected) {
    return cached.access_token
  }
  return questions(rejected, () => replaceToken(context, miniProgram, rejected))
}

async function replaceToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  rejected: string,
): Promise<string> {
  const { forcedAt } = context.accessTokens
  const { appid } = miniProgram
  const token = await fetchToken(context, miniProgram, false)
  // WeChat allows 20 forced refreshes a day, and each of them ends the token that others hold. So
  // one is forced only if there is no other way, and not in a row.
  const now = context.runtime.now()
  const lastForced = forcedAt.get(appid) ?? Number.NEGATIVE_INFINITY
  if (token.access_token !== rejected || now - lastForced < FORCE_AGAIN_SECONDS) {
    return keepToken(context, miniProgram, token)
  }
  forcedAt.set(appid, now)
  return keepToken(context, miniProgram, await fetchToken(context, miniProgram, true))
}

/**
 * Forgets a token with which WeChat's front end did not read a request: the token may be the reason.
 * The request may be, too, so this happens at most once in ten minutes.
 */
export async function dropAccessToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  access_token: string,
): Promise<void> {
  const { tokens, dropped } = context.accessTokens
  const { appid } = miniProgram
  const now = context.runtime.now()
  const last = dropped.get(appid)
  if (last && now - last.at < DROP_AGAIN_SECONDS) return
  // Another request has replaced it in the meantime.
  if (tokens.get(appid)?.access_token !== access_token) return
  dropped.set(appid, { access_token, at: now })
  tokens.delete(appid)
  await deleteToken(context, miniProgram)
}

async function fetchToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  force: boolean,
): Promise<AccessToken> {
  const request = stableTokenRequest(miniProgram, force)
  const response = await callWeChat(context, miniProgram.appid, request)
  return processStableTokenResponse(response, context.runtime.now())
}

async function keepToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
  token: AccessToken,
): Promise<string> {
  context.accessTokens.tokens.set(miniProgram.appid, token)
  await saveToken(context, miniProgram, token)
  return token.access_token
}

function isFresh({ runtime }: AccessTokenContext, { expiresAt }: AccessToken): boolean {
  return runtime.now() < expiresAt - RENEW_BEFORE_SECONDS
}

export function stableTokenRequest(
  { appid, appsecret }: MiniProgram,
  force_refresh: boolean,
): WeChatRequest {
  const body = { grant_type: 'client_credential', appid, secret: appsecret, force_refresh }
  return { path: '/cgi-bin/stable_token', query: {}, body, isRepeatable: true }
}

/**
 * @param now Unix seconds
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function processStableTokenResponse(response: WeChatResponse, now: number): AccessToken {
  if (response.errcode !== 0) throw wechatError(response, 'access_token')
  const { access_token, expires_in } = response.fields
  if (typeof access_token !== 'string' || !ACCESS_TOKEN.test(access_token)) {
    throw badResponse('access_token is not printable ASCII of at most 2,048 characters')
  }
  if (typeof expires_in !== 'number' || !Number.isSafeInteger(expires_in) || expires_in < 1) {
    throw badResponse('expires_in is not a number of seconds')
  }
  return { access_token, expiresAt: now + Math.min(expires_in, LONGEST_LIFETIME_SECONDS) }
}
