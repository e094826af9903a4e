/** The Worker's settings: parsed once, from `unknown`, for every door into the app. */

import * as v from 'valibot'
import { Problem } from './errors'

export interface Config {
  readonly appid: string
  readonly appsecret: string
  /** Lifetime of a session, in seconds. */
  readonly sessionTtl: number
  /** How old open data may be, in seconds. */
  readonly openDataMaxAge: number
  /** Where WeChat's API is, without a slash at the end. */
  readonly apiBase: string
  readonly sessions: KVNamespace
}

/** KV refuses to keep a key for less than 60 seconds; 30 days is as long as a login should last. */
const SESSION_TTL = { min: 60, max: 30 * 24 * 3600, default: 7 * 24 * 3600 }
/** A century: enough to replay any recorded data, small enough for a Date. */
const OPEN_DATA_MAX_AGE = { min: 1, max: 100 * 365 * 24 * 3600, default: 300 }

// A secret piped in from a file ends in a newline, and a var left empty is a var not set.
const trimmed = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' ? value.trim() || undefined : value)),
)

const text = (pattern: RegExp, message: string) =>
  v.pipe(trimmed, v.string(missingOr('must be a string')), v.regex(pattern, message))

const missingOr = (message: string) => (issue: v.BaseIssue<unknown>) =>
  issue.input === undefined ? 'is missing' : message

const seconds = ({ min, max, ...rest }: { min: number; max: number; default: number }) => {
  const message = `must be a whole number of seconds from ${min} to ${max}`
  return v.pipe(
    trimmed,
    v.transform((value = rest.default) =>
      typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value,
    ),
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  )
}

const Settings = v.object(
  {
    WECHAT_APPID: text(/^wx[\w-]+$/, 'must be the AppID of a mini program, which starts with wx'),
    WECHAT_APPSECRET: text(/^[\x21-\x7e]+$/, 'must be the AppSecret, without spaces'),
    SESSION_TTL: v.optional(seconds(SESSION_TTL), SESSION_TTL.default),
    OPEN_DATA_MAX_AGE: v.optional(seconds(OPEN_DATA_MAX_AGE), OPEN_DATA_MAX_AGE.default),
    WECHAT_API_BASE: v.optional(
      v.pipe(
        trimmed,
        v.transform((value = 'https://api.weixin.qq.com') => value),
        v.string('must be a URL'),
        v.check(isApiBase, 'must be an https URL without credentials, query or fragment'),
        v.transform((value) => value.replace(/\/+$/, '')),
      ),
      'https://api.weixin.qq.com',
    ),
    SESSIONS: v.custom<KVNamespace>(isKVNamespace, 'must be a KV namespace binding'),
  },
  'is missing',
)

/**
 * Turns a Worker's `env` into a {@link Config}.
 *
 * @throws {Problem} `misconfigured`; its log lists every setting that is wrong, by name.
 */
export function parseConfig(env: unknown): Config {
  const result = v.safeParse(Settings, env)
  if (!result.success) {
    const settings = result.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`)
    throw new Problem('misconfigured', { log: { settings } })
  }
  const settings = result.output
  return {
    appid: settings.WECHAT_APPID,
    appsecret: settings.WECHAT_APPSECRET,
    sessionTtl: settings.SESSION_TTL,
    openDataMaxAge: settings.OPEN_DATA_MAX_AGE,
    apiBase: settings.WECHAT_API_BASE,
    sessions: settings.SESSIONS,
  }
}

/** The AppSecret travels in the URL, so plain http is for this machine only. */
function isApiBase(value: string): boolean {
  const url = URL.parse(value)
  if (!url || url.username || url.password || /[?#]/.test(value)) return false
  if (url.protocol === 'https:') return true
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  return url.protocol === 'http:' && loopback
}

function isKVNamespace(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'getWithMetadata' in value
}
