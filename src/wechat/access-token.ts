/**
 * access_token: what WeChat's server API wants of a backend, one per mini program.
 *
 * It is kept in the isolate and, sealed under a key derived from the AppSecret, in KV; its record
 * is described with the others in sessions.ts. KV only spares WeChat a call: when it fails, that is
 * logged, and the token comes from WeChat.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html
 */

import type { App, Config } from '../config'
import { seal, unseal } from '../lib/crypto'
import { isObject, parseJson } from '../lib/encoding'
import { createFlights } from '../lib/single-flight'
import type { Deps } from '../runtime'
import { type Answer, type ApiCall, callWeChat, refusal, unusable } from './api'

interface AccessToken {
  readonly access_token: string
  /** Unix seconds. */
  readonly expiresAt: number
}

/** WeChat's answers to a token that has ended, or that another refresh has replaced. */
const BAD_TOKEN = new Set([40001, 40014, 42001])

/** WeChat has the next token ready this long before the end, in seconds, and both are good. */
const RENEW_BEFORE_SECONDS = 300

/** How long after a forced refresh another one may be tried, in seconds. */
const FORCE_AGAIN_SECONDS = 600

/** KV keeps nothing for less, in seconds. */
const KV_SHORTEST = 60

const SEAL_INFO = 'code2session access_token'

/** Calls an API that wants an access_token: builds the call with one, and once more if it was bad. */
export type AuthorizedCall = (
  config: Config,
  app: App,
  build: (access_token: string) => ApiCall,
) => Promise<Answer>

/** Makes the function that calls WeChat with an access_token. It throws what {@link callWeChat} does. */
export function createAuthorizedCall(deps: Deps): AuthorizedCall {
  // Both are bounded by the number of mini programs in the settings.
  const tokens = new Map<string, AccessToken>()
  const forcedAt = new Map<string, number>()
  const share = createFlights<AccessToken>(deps)

  return async function authorizedCall(config, app, build) {
    const access_token = await tokenFor(config, app, null)
    const answer = await callWeChat(deps, config, app.appid, build(access_token))
    if (!BAD_TOKEN.has(answer.errcode)) return answer
    return callWeChat(deps, config, app.appid, build(await tokenFor(config, app, access_token)))
  }

  /** A token that lives, and that is not the one WeChat has just called bad. */
  async function tokenFor(config: Config, app: App, bad: string | null): Promise<string> {
    const known = tokens.get(app.appid)
    if (known && isFresh(known) && known.access_token !== bad) return known.access_token
    const search = () => share(app.appid, () => find(config, app, bad))
    const token = await search()
    // Who joins a search that began before the token went bad may be handed just that token.
    return token.access_token === bad ? (await search()).access_token : token.access_token
  }

  async function find(config: Config, app: App, bad: string | null): Promise<AccessToken> {
    // KV may lag behind, so after a bad token only WeChat is asked.
    const stored = bad === null ? await load(config, app) : null
    const token = stored && isFresh(stored) ? stored : await fetchToken(config, app, bad)
    tokens.set(app.appid, token)
    if (token !== stored) await save(config, app, token)
    return token
  }

  async function fetchToken(config: Config, app: App, bad: string | null): Promise<AccessToken> {
    const ask = async (force: boolean) => {
      const answer = await callWeChat(deps, config, app.appid, stableTokenCall(app, force))
      return judgeStableToken(answer, deps.now())
    }
    const token = await ask(false)
    // WeChat allows 20 forced refreshes a day, and each ends the token that others have: so only
    // when there is no other way, and not over and over.
    const sinceForced = deps.now() - (forcedAt.get(app.appid) ?? Number.NEGATIVE_INFINITY)
    if (token.access_token !== bad || sinceForced < FORCE_AGAIN_SECONDS) return token
    forcedAt.set(app.appid, deps.now())
    return ask(true)
  }

  function isFresh({ expiresAt }: AccessToken): boolean {
    return deps.now() < expiresAt - RENEW_BEFORE_SECONDS
  }

  async function load(config: Config, app: App): Promise<AccessToken | null> {
    try {
      const sealed = await config.sessions.get(keyOf(app), 'arrayBuffer')
      return sealed && parseToken(await unseal(sealed, sealOptions(app)))
    } catch (error) {
      report('read', error)
      return null
    }
  }

  async function save(config: Config, app: App, token: AccessToken): Promise<void> {
    const expirationTtl = Math.max(KV_SHORTEST, token.expiresAt - deps.now())
    try {
      const sealed = await seal(JSON.stringify(token), sealOptions(app))
      await config.sessions.put(keyOf(app), sealed, { expirationTtl })
    } catch (error) {
      report('written', error)
    }
  }

  function report(what: 'read' | 'written', error: unknown): void {
    const message = error instanceof Error ? error.message.slice(0, 100) : ''
    deps.log({ level: 'warn', reason: `access_token not ${what}: ${message}` })
  }
}

export function stableTokenCall({ appid, appsecret }: App, force_refresh: boolean): ApiCall {
  const body = { grant_type: 'client_credential', appid, secret: appsecret, force_refresh }
  return { path: '/cgi-bin/stable_token', query: {}, body }
}

/**
 * @param now Unix seconds
 * @throws {Problem} what the errcode stands for, or `wechat_unavailable`
 */
export function judgeStableToken(answer: Answer, now: number): AccessToken {
  if (answer.errcode !== 0)
    throw refusal(answer, { api: 'access_token', meaning: { 40001: 'misconfigured' } })
  const { access_token, expires_in } = answer.fields
  if (typeof access_token !== 'string' || access_token === '') {
    throw unusable('access_token is missing')
  }
  if (typeof expires_in !== 'number' || !Number.isSafeInteger(expires_in) || expires_in < 1) {
    throw unusable('expires_in is not a number of seconds')
  }
  return { access_token, expiresAt: now + expires_in }
}

function keyOf({ appid }: App): string {
  return `access_token:${appid}`
}

function sealOptions(app: App) {
  return { secret: app.appsecret, info: SEAL_INFO, additionalData: keyOf(app) }
}

function parseToken(text: string | null): AccessToken | null {
  const value = text === null ? null : parseJson(text)
  if (!isObject(value)) return null
  const { access_token, expiresAt } = value
  if (typeof access_token !== 'string' || typeof expiresAt !== 'number') return null
  return { access_token, expiresAt }
}
