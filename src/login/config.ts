/** The Worker's settings: a typed value from the `unknown` of a Worker's `env`. */

import * as v from 'valibot'
import { Problem } from '../core/problem'
import { object } from '../core/schemas'
import {
  baseUrls,
  binding,
  endpointOff,
  findFaults,
  findValue,
  GatewayKeys,
  type Group,
  optionalText,
  parseGroup,
  refuseSandboxKeys,
  requireGroups,
  requireValue,
  ServiceKeys,
  seconds,
} from '../core/settings'
import { Issuer, type JwtSettings, parseJwtSettings, Signing } from './jwt-issuer'
import {
  type MiniPrograms,
  OneMiniProgram,
  type PushKeys,
  PushTexts,
  parseMiniPrograms,
  SeveralMiniPrograms,
  toPushKeys,
} from './mini-programs'

/** Message push. */
export interface PushSettings {
  /** Those that all mini programs of the settings share; `null` turns their endpoint off. */
  readonly keys: PushKeys | null
  /** The Queue that takes messages; `null` for none. */
  readonly events: Queue | null
}

/**
 * The settings. Those in a {@link Group} can be wrong, and turn off what they are for and nothing
 * else; so do limits and analytics, which are `null` then.
 */
export interface Config extends JwtSettings {
  /** By appid; at least one, unless a hook knows others. */
  readonly miniPrograms: MiniPrograms
  /** Lifetime of a session, in seconds. */
  readonly sessionTtl: number
  /** How old open data may be, in seconds. */
  readonly openDataMaxAge: number
  /** Base URLs of WeChat's API without a trailing slash, in the order to try them; at least one. */
  readonly apiBases: readonly string[]
  /** The keys that backends authenticate with; `null` turns their endpoints off. */
  readonly serviceKeys: Group<readonly string[] | null>
  /** The keys that gateways authenticate with: their own and those of backends; `null` for none. */
  readonly gatewayKeys: Group<readonly string[] | null>
  readonly push: Group<PushSettings>
  readonly sessions: KVNamespace
  /** Logins per IP address; `null` for no limit. */
  readonly loginLimit: RateLimit | null
  /** Costly requests per user; `null` for no limit. */
  readonly userLimit: RateLimit | null
  /** The header that names the client's address where another CDN stands in front; `null` for none. */
  readonly clientIpHeader: string | null
  /** The developer's own object or entrypoint, with methods of `Hooks`; `null` for none. */
  readonly hooks: object | null
  /** One data point per request; `null` for none. */
  readonly analytics: AnalyticsEngineDataset | null
  /** What is wrong with the settings, each by its name. */
  readonly faults: readonly string[]
}

/** KV keeps a key for at least 60 seconds; a login should last 30 days at most. */
const SESSION_TTL = { min: 60, max: 30 * 24 * 3600, default: 7 * 24 * 3600 }
/** A century: enough to replay any recorded data, small enough for a Date. */
const OPEN_DATA_MAX_AGE = { min: 1, max: 100 * 365 * 24 * 3600, default: 300 }
const API_BASE = 'https://api.weixin.qq.com'

const Sessions = object({
  SESSION_TTL: seconds(SESSION_TTL),
  OPEN_DATA_MAX_AGE: seconds(OPEN_DATA_MAX_AGE),
  WECHAT_API_BASE: baseUrls,
  SESSIONS: binding<KVNamespace>('getWithMetadata', 'must be a KV namespace binding'),
})

const Push = v.pipe(
  object({
    ...PushTexts.entries,
    EVENTS: v.optional(binding<Queue>('send', 'must be a Queue producer binding')),
  }),
  v.transform(({ EVENTS: events = null, ...texts }) => ({ keys: toPushKeys(texts), events })),
)

const rateLimit = v.optional(binding<RateLimit>('limit', 'must be a rate limit binding'))

const LoginLimit = object({
  LOGIN_LIMIT: rateLimit,
  CLIENT_IP_HEADER: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || /^[A-Za-z0-9-]+$/.test(value),
      'must be the name of a header',
    ),
  ),
})

const UserLimit = object({ USER_LIMIT: rateLimit })

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
    GatewayKeys,
    Issuer,
    Signing,
    Push,
    LoginLimit,
    UserLimit,
    HooksBinding,
    Analytics,
  ].flatMap(({ entries }) => Object.keys(entries))
}

/**
 * Parses a Worker's `env`.
 *
 * @param given Hooks that take the place of those bound as `HOOKS`
 * @throws {Problem} `misconfigured` for a setting that every login depends on. Its log names all that
 * are wrong.
 */
export function parseConfig(env: unknown, given?: object | null): Config {
  const bound = parseGroup(HooksBinding, env)
  const hooks = given ?? findValue(bound)?.HOOKS ?? null
  const miniPrograms = parseMiniPrograms(env, hooks)
  const isSandbox = hasSandboxSecret(miniPrograms)
  const parseKeys = (setting: string, schema: typeof ServiceKeys | typeof GatewayKeys) =>
    refuseSandboxKeys(setting, parseGroup(schema, env), isSandbox)
  const serviceKeys = parseKeys('SERVICE_KEYS', ServiceKeys)
  const ownKeys = parseKeys('GATEWAY_KEYS', GatewayKeys)
  const issuer = parseGroup(Issuer, env)
  const jwt = parseJwtSettings(env)
  const push = parseGroup(Push, env)
  const loginLimit = parseGroup(LoginLimit, env)
  const userLimit = parseGroup(UserLimit, env)
  const analytics = parseGroup(Analytics, env)
  const optional = [serviceKeys, ownKeys, issuer, jwt, push, loginLimit, userLimit, analytics]
  const faults = optional.flatMap(findFaults)
  // A hook that is not asked would admit whom it denies.
  const required = requireGroups(
    { miniPrograms, sessions: parseGroup(Sessions, env), bound },
    faults,
  )
  const { sessions } = required
  return {
    miniPrograms: required.miniPrograms,
    sessionTtl: sessions.SESSION_TTL,
    openDataMaxAge: sessions.OPEN_DATA_MAX_AGE,
    apiBases: sessions.WECHAT_API_BASE ?? [API_BASE],
    serviceKeys,
    gatewayKeys: joinKeys(ownKeys, serviceKeys),
    issuer,
    jwt,
    isSandbox,
    push,
    sessions: sessions.SESSIONS,
    loginLimit: findValue(loginLimit)?.LOGIN_LIMIT ?? null,
    userLimit: findValue(userLimit)?.USER_LIMIT ?? null,
    clientIpHeader: findValue(loginLimit)?.CLIENT_IP_HEADER ?? null,
    hooks,
    analytics: findValue(analytics)?.ANALYTICS ?? null,
    faults,
  }
}

type Keys = Group<readonly string[] | null>

/** Wrong `SERVICE_KEYS` do not stop gateways that have keys of their own. */
function joinKeys(own: Keys, serviceKeys: Keys): Keys {
  const keys = findValue(own)
  if (keys) return { value: [...keys, ...(findValue(serviceKeys) ?? [])] }
  return 'faults' in own ? own : serviceKeys
}

/** The AppSecret of `npm run dev`, which opens nothing at WeChat. */
const SANDBOX_APPSECRET = 'the-sandbox-appsecret-is-public'

function hasSandboxSecret(miniPrograms: Group<MiniPrograms>): boolean {
  const all = [...(findValue(miniPrograms)?.values() ?? [])]
  return all.some(({ appsecret }) => appsecret === SANDBOX_APPSECRET)
}

/** @throws {Problem} `misconfigured`; `not_found`: without `SERVICE_KEYS` there are no endpoints */
export function requireServiceKeys(config: Config): readonly string[] {
  const keys = requireValue(config.serviceKeys)
  if (!keys) throw endpointOff('SERVICE_KEYS', new Problem('not_found'))
  return keys
}

/** @throws {Problem} `misconfigured`; `not_found`: without any keys there is no endpoint */
export function requireGatewayKeys(config: Config): readonly string[] {
  const keys = requireValue(config.gatewayKeys)
  if (!keys) throw endpointOff('GATEWAY_KEYS', new Problem('not_found'))
  return keys
}

/** @throws {Problem} `misconfigured` */
export function requireIssuer(config: Config): string | null {
  return requireValue(config.issuer).ISSUER
}
