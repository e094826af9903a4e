/** The Worker's settings: a typed value from the `unknown` of a Worker's `env`. */

import * as v from 'valibot'
import { Problem } from '../core/problem'
import {
  baseUrls,
  binding,
  endpointOff,
  type Group,
  optionalText,
  parseGroup,
  requireGroups,
  seconds,
  serviceKeys,
  text,
  trimmed,
} from '../core/settings'
import { isObject, parseJson } from '../lib/encoding'

/** A mini program with its credentials at WeChat. */
export interface MiniProgram {
  readonly appid: string
  readonly appsecret: string
}

/** Message push: the Token, and for safe mode the EncodingAESKey; without it, plain mode. */
export interface PushSettings {
  readonly token: string
  readonly aesKey: string | null
}

export interface Config {
  /** By appid; at least one. */
  readonly miniPrograms: ReadonlyMap<string, MiniProgram>
  /** Lifetime of a session, in seconds. */
  readonly sessionTtl: number
  /** How old open data may be, in seconds. */
  readonly openDataMaxAge: number
  /** Base URLs of WeChat's API without a trailing slash, in the order to try them; at least one. */
  readonly apiBases: readonly string[]
  /** The keys that backends authenticate with; `null` turns their endpoints off. */
  readonly serviceKeys: readonly string[] | null
  /** Message push; `null` turns its endpoint off. */
  readonly push: PushSettings | null
  readonly sessions: KVNamespace
  /** The Queue that takes pushed events; `null` for none. */
  readonly events: Queue | null
  /** Logins per IP address; `null` for no limit. */
  readonly loginLimit: RateLimit | null
  /** Costly requests per user; `null` for no limit. */
  readonly userLimit: RateLimit | null
  /** The header that names the client's address where another CDN stands in front; `null` for none. */
  readonly clientIpHeader: string | null
  /** The developer's own entrypoint, with methods of `Hooks`; `null` for none. */
  readonly hooks: object | null
  /** One data point per request; `null` for none. */
  readonly analytics: AnalyticsEngineDataset | null
}

/** KV keeps a key for at least 60 seconds; a login should last 30 days at most. */
const SESSION_TTL = { min: 60, max: 30 * 24 * 3600, default: 7 * 24 * 3600 }
/** A century: enough to replay any recorded data, small enough for a Date. */
const OPEN_DATA_MAX_AGE = { min: 1, max: 100 * 365 * 24 * 3600, default: 300 }
const API_BASE = 'https://api.weixin.qq.com'

const APPID = /^wx[\w-]+$/
const APPSECRET = /^[\x21-\x7e]+$/

const APPID_MESSAGE = 'must be the AppID of a mini program, which starts with wx'
const APPS_MESSAGE = 'must be a JSON object of AppIDs, each with its AppSecret'

const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, 'is missing')

const OneMiniProgram = object({
  WECHAT_APPID: v.pipe(text, v.regex(APPID, APPID_MESSAGE)),
  WECHAT_APPSECRET: v.pipe(text, v.regex(APPSECRET, 'must be the AppSecret, without spaces')),
})

const SeveralMiniPrograms = object({
  WECHAT_APPS: v.pipe(
    trimmed,
    v.transform((value) => (typeof value === 'string' ? parseJson(value) : value)),
    v.record(
      v.pipe(v.string(), v.regex(APPID, APPS_MESSAGE)),
      v.pipe(v.string(APPS_MESSAGE), v.regex(APPSECRET, APPS_MESSAGE)),
      APPS_MESSAGE,
    ),
    v.check((apps) => Object.keys(apps).length > 0, APPS_MESSAGE),
  ),
})

const Sessions = object({
  SESSION_TTL: seconds(SESSION_TTL),
  OPEN_DATA_MAX_AGE: seconds(OPEN_DATA_MAX_AGE),
  WECHAT_API_BASE: baseUrls,
  SESSIONS: binding<KVNamespace>('getWithMetadata', 'must be a KV namespace binding'),
})

const ServiceKeys = object({ SERVICE_KEYS: serviceKeys })

const Push = object({
  WECHAT_PUSH_TOKEN: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || /^[A-Za-z0-9]{3,32}$/.test(value),
      'must be 3 to 32 letters and digits',
    ),
  ),
  WECHAT_PUSH_AES_KEY: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || /^[A-Za-z0-9]{43}$/.test(value),
      'must be the 43 letters and digits of EncodingAESKey',
    ),
  ),
})

const Events = object({
  EVENTS: v.optional(binding<Queue>('send', 'must be a Queue producer binding')),
})

const RATE_LIMIT_MESSAGE = 'must be a rate limit binding'

const Limits = object({
  LOGIN_LIMIT: v.optional(binding<RateLimit>('limit', RATE_LIMIT_MESSAGE)),
  USER_LIMIT: v.optional(binding<RateLimit>('limit', RATE_LIMIT_MESSAGE)),
  CLIENT_IP_HEADER: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || /^[A-Za-z0-9-]+$/.test(value),
      'must be the name of a header',
    ),
  ),
})

const HooksBinding = object({
  HOOKS: v.optional(binding<object>('fetch', 'must be a service binding')),
})

const Analytics = object({
  ANALYTICS: v.optional(
    binding<AnalyticsEngineDataset>('writeDataPoint', 'must be an Analytics Engine binding'),
  ),
})

/** The names of all settings, required or not. */
export function listSettings(): readonly string[] {
  return [
    OneMiniProgram,
    SeveralMiniPrograms,
    Sessions,
    ServiceKeys,
    Push,
    Events,
    Limits,
    HooksBinding,
    Analytics,
  ].flatMap(({ entries }) => Object.keys(entries))
}

/**
 * Parses a Worker's `env`.
 *
 * @throws {Problem} `misconfigured`, with every setting that is wrong in its log, by name
 */
export function parseConfig(env: unknown): Config {
  const groups = requireGroups({
    miniPrograms: parseMiniPrograms(env),
    sessions: parseGroup(Sessions, env),
    serviceKeys: parseGroup(ServiceKeys, env),
    push: parseGroup(Push, env),
    events: parseGroup(Events, env),
    limits: parseGroup(Limits, env),
    hooks: parseGroup(HooksBinding, env),
    analytics: parseGroup(Analytics, env),
  })
  const { sessions, limits } = groups
  const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: aesKey } = groups.push
  return {
    miniPrograms: groups.miniPrograms,
    sessionTtl: sessions.SESSION_TTL,
    openDataMaxAge: sessions.OPEN_DATA_MAX_AGE,
    apiBases: sessions.WECHAT_API_BASE ?? [API_BASE],
    serviceKeys: groups.serviceKeys.SERVICE_KEYS,
    push: token === null ? null : { token, aesKey },
    sessions: sessions.SESSIONS,
    events: groups.events.EVENTS ?? null,
    loginLimit: limits.LOGIN_LIMIT ?? null,
    userLimit: limits.USER_LIMIT ?? null,
    clientIpHeader: limits.CLIENT_IP_HEADER,
    hooks: groups.hooks.HOOKS ?? null,
    analytics: groups.analytics.ANALYTICS ?? null,
  }
}

function parseMiniPrograms(env: unknown): Group<ReadonlyMap<string, MiniProgram>> {
  const hasSeveral = isObject(env) && env.WECHAT_APPS !== undefined && env.WECHAT_APPS !== ''
  if (hasSeveral) {
    const several = parseGroup(SeveralMiniPrograms, env)
    return 'value' in several ? { value: toMiniPrograms(several.value.WECHAT_APPS) } : several
  }
  const one = parseGroup(OneMiniProgram, env)
  if ('faults' in one) return one
  return { value: toMiniPrograms({ [one.value.WECHAT_APPID]: one.value.WECHAT_APPSECRET }) }
}

function toMiniPrograms(apps: Readonly<Record<string, string>>): ReadonlyMap<string, MiniProgram> {
  return new Map(
    Object.entries(apps).map(([appid, appsecret]) => [appid, { appid, appsecret }] as const),
  )
}

/**
 * The mini program with this appid, or without an appid, the only one.
 *
 * @throws {Problem} `appid_required`, `appid_unknown`
 */
export function chooseMiniProgram(config: Config, appid: string | null): MiniProgram {
  if (appid !== null) return requireMiniProgram(config, appid)
  const [only, ...others] = config.miniPrograms.values()
  if (!only || others.length > 0) throw new Problem('appid_required')
  return only
}

/** @throws {Problem} `appid_unknown` */
export function requireMiniProgram({ miniPrograms }: Config, appid: string): MiniProgram {
  const miniProgram = miniPrograms.get(appid)
  if (!miniProgram) throw new Problem('appid_unknown')
  return miniProgram
}

/** @throws {Problem} `not_found`: without `WECHAT_PUSH_TOKEN` there is no push endpoint */
export function requirePush({ push }: Config): PushSettings {
  if (!push) throw endpointOff('WECHAT_PUSH_TOKEN', new Problem('not_found'))
  return push
}

/** @throws {Problem} `not_found`: without `SERVICE_KEYS` there are no endpoints for backends */
export function requireServiceKeys({ serviceKeys }: Config): readonly string[] {
  if (!serviceKeys) throw endpointOff('SERVICE_KEYS', new Problem('not_found'))
  return serviceKeys
}
