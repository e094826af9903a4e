/**
 * access_token: the credential that WeChat's server API wants of a backend, one per mini program.
 * It is cached in the isolate and in KV.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html
 */

import type { MiniProgram } from '../config'
import { type AccessToken, loadToken, saveToken } from './access-token-store'
import {
  badResponse,
  type CallContext,
  callWeChat,
  type WeChatRequest,
  type WeChatResponse,
  wechatError,
} from './api'
import { isAccessTokenRejected } from './errcodes'

/** What an isolate remembers. Both maps are bounded by the number of mini programs. */
export interface AccessTokenCache {
  readonly tokens: Map<string, AccessToken>
  /** When the last refresh was forced, in Unix seconds. */
  readonly forcedAt: Map<string, number>
}

/** What a call with an access_token needs. */
export interface AccessTokenContext extends CallContext {
  readonly accessTokens: AccessTokenCache
}

/** WeChat issues the next token this long before the end, in seconds; both are then valid. */
const RENEW_BEFORE_SECONDS = 300

/** How long after a forced refresh another one may be tried, in seconds. */
const FORCE_AGAIN_SECONDS = 600

export function createAccessTokenCache(): AccessTokenCache {
  return { tokens: new Map(), forcedAt: new Map() }
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
  const { appid } = miniProgram
  const access_token = await getAccessToken(context, miniProgram)
  const response = await callWeChat(context, appid, toRequest(access_token))
  if (!isAccessTokenRejected(response.errcode)) return response
  const renewed = await renewAccessToken(context, miniProgram, access_token)
  return callWeChat(context, appid, toRequest(renewed))
}

/** The token at hand: from this isolate, from KV, or from WeChat. */
export async function getAccessToken(
  context: AccessTokenContext,
  miniProgram: MiniProgram,
): Promise<string> {
  const cached = context.accessTokens.tokens.get(miniProgram.appid)
  if (cached && isFresh(context, cached)) return cached.access_token
  const stored = await loadToken(context, miniProgram)
  if (stored && isFresh(context, stored)) {
    context.accessTokens.tokens.set(miniProgram.appid, stored)
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
  const { tokens, forcedAt } = context.accessTokens
  const { appid } = miniProgram
  const cached = tokens.get(appid)
  // Another request has renewed it in the meantime.
  if (cached && isFresh(context, cached) && cached.access_token !== rejected) {
    return cached.access_token
  }
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
  if (typeof access_token !== 'string' || access_token === '') {
    throw badResponse('access_token is missing')
  }
  if (typeof expires_in !== 'number' || !Number.isSafeInteger(expires_in) || expires_in < 1) {
    throw badResponse('expires_in is not a number of seconds')
  }
  return { access_token, expiresAt: now + expires_in }
}
