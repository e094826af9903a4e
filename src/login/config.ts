/** The Worker's settings: a typed value from the `unknown` of a Worker's `env`. */

import * as v from 'valibot'
import { Problem } from '../core/problem'
import {
  binding,
  isBaseUrl,
  list,
  optionalText,
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

const OneMiniProgram = v.object(
  {
    WECHAT_APPID: v.pipe(text, v.regex(APPID, APPID_MESSAGE)),
    WECHAT_APPSECRET: v.pipe(text, v.regex(APPSECRET, 'must be the AppSecret, without spaces')),
  },
  'is missing',
)

const SeveralMiniPrograms = v.object({
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

const RATE_LIMIT_MESSAGE = 'must be a rate limit binding'

const Settings = v.object(
  {
    SESSION_TTL: seconds(SESSION_TTL),
    OPEN_DATA_MAX_AGE: seconds(OPEN_DATA_MAX_AGE),
    WECHAT_API_BASE: list(
      isBaseUrl,
      'must be https URLs without credentials, query or fragment, separated by commas',
    ),
    SERVICE_KEYS: serviceKeys,
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
    SESSIONS: binding<KVNamespace>('getWithMetadata', 'must be a KV namespace binding'),
    EVENTS: v.optional(binding<Queue>('send', 'must be a Queue producer binding')),
    LOGIN_LIMIT: v.optional(binding<RateLimit>('limit', RATE_LIMIT_MESSAGE)),
    USER_LIMIT: v.optional(binding<RateLimit>('limit', RATE_LIMIT_MESSAGE)),
    CLIENT_IP_HEADER: v.pipe(
      optionalText,
      v.check(
        (value) => value === null || /^[A-Za-z0-9-]+$/.test(value),
        'must be the name of a header',
      ),
    ),
    HOOKS: v.optional(binding<object>('fetch', 'must be a service binding')),
    ANALYTICS: v.optional(
      binding<AnalyticsEngineDataset>('writeDataPoint', 'must be an Analytics Engine binding'),
    ),
  },
  'is missing',
)

/** The names of all settings, required or not. */
export function listSettings(): readonly string[] {
  return [OneMiniProgram, SeveralMiniPrograms, Settings].flatMap(({ entries }) =>
    Object.keys(entries),
  )
}

/**
 * Parses a Worker's `env`.
 *
 * @throws {Problem} `misconfigured`, with every setting that is wrong in its log, by name
 */
export function parseConfig(env: unknown): Config {
  const several = isObject(env) && env.WECHAT_APPS !== undefined && env.WECHAT_APPS !== ''
  const miniPrograms = several
    ? v.safeParse(SeveralMiniPrograms, env)
    : v.safeParse(OneMiniProgram, env)
  const settings = v.safeParse(Settings, env)
  if (!miniPrograms.success || !settings.success) {
    // Only the setting's name: below it, WECHAT_APPS holds values.
    const problems = [...(miniPrograms.issues ?? []), ...(settings.issues ?? [])].map(
      ({ path, message }) => `${path?.[0].key ?? 'env'} ${message}`,
    )
    throw new Problem('misconfigured', { log: { settings: [...new Set(problems)] } })
  }
  const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: aesKey, ...rest } = settings.output
  return {
    miniPrograms: toMiniPrograms(miniPrograms.output),
    sessionTtl: rest.SESSION_TTL,
    openDataMaxAge: rest.OPEN_DATA_MAX_AGE,
    apiBases: rest.WECHAT_API_BASE?.map((base) => base.replace(/\/+$/, '')) ?? [API_BASE],
    serviceKeys: rest.SERVICE_KEYS,
    push: token === null ? null : { token, aesKey },
    sessions: rest.SESSIONS,
    events: rest.EVENTS ?? null,
    loginLimit: rest.LOGIN_LIMIT ?? null,
    userLimit: rest.USER_LIMIT ?? null,
    clientIpHeader: rest.CLIENT_IP_HEADER,
    hooks: rest.HOOKS ?? null,
    analytics: rest.ANALYTICS ?? null,
  }
}

function toMiniPrograms(
  settings: v.InferOutput<typeof SeveralMiniPrograms> | v.InferOutput<typeof OneMiniProgram>,
) {
  const apps =
    'WECHAT_APPS' in settings
      ? settings.WECHAT_APPS
      : { [settings.WECHAT_APPID]: settings.WECHAT_APPSECRET }
  return new Map(
    Object.entries(apps).map(([appid, appsecret]): [string, MiniProgram] => [
      appid,
      { appid, appsecret },
    ]),
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
  if (!push) throw endpointOff('WECHAT_PUSH_TOKEN')
  return push
}

/** @throws {Problem} `not_found`: without `SERVICE_KEYS` there are no endpoints for backends */
export function requireServiceKeys({ serviceKeys }: Config): readonly string[] {
  if (!serviceKeys) throw endpointOff('SERVICE_KEYS')
  return serviceKeys
}

/** The client hears that there is nothing; the log says which setting turns the endpoint on. */
function endpointOff(setting: string): Problem {
  const advice = `${setting} is not set, so this endpoint is off; in .dev.vars, [secrets] in wrangler.toml has to name it`
  return new Problem('not_found', { log: { settings: [advice] } })
}
