/** Parsers of settings: vars, secrets and bindings of a Worker's `env`. */

import * as v from 'valibot'
import { Problem } from './problem'
import { object } from './schemas'

/** Settings that belong together: their value, or what is wrong with them, each by its name. */
export type Group<Value> = { readonly value: Value } | { readonly faults: readonly string[] }

/** Parses the settings of a group, which a schema of an object lists. */
export function parseGroup<const Schema extends v.GenericSchema>(
  schema: Schema,
  env: unknown,
): Group<v.InferOutput<Schema>> {
  const result = v.safeParse(schema, env)
  if (result.success) return { value: result.output }
  // Only the setting's name: below it, WECHAT_APPS holds values.
  const faults = result.issues.map(({ path, message }) => `${path?.[0].key ?? 'env'} ${message}`)
  return { faults }
}

type Values<Groups> = {
  [Name in keyof Groups]: Groups[Name] extends Group<infer Value> ? Value : never
}

/**
 * The values of these groups, by the same names: settings without which nothing works.
 *
 * @param others What is wrong with other settings, which then stands in the log, too
 * @throws {Problem} `misconfigured`, with all that is wrong in its log
 */
export function requireGroups<Groups extends Readonly<Record<string, Group<unknown>>>>(
  groups: Groups,
  others: readonly string[] = [],
): Values<Groups> {
  const faults = Object.values(groups).flatMap(findFaults)
  if (faults.length > 0) throw misconfigured([...faults, ...others])
  const values = Object.entries(groups).map(([name, group]) => [name, findValue(group)])
  return Object.fromEntries(values) as Values<Groups>
}

/** What is wrong with a group. */
export function findFaults(group: Group<unknown>): readonly string[] {
  return 'faults' in group ? group.faults : []
}

/** The value of a group whose settings can be done without; `null` if they are wrong. */
export function findValue<Value>(group: Group<Value>): Value | null {
  return 'value' in group ? group.value : null
}

/**
 * The value of a group that an endpoint needs.
 *
 * @throws {Problem} `misconfigured`
 */
export function requireValue<Value>(group: Group<Value>): Value {
  if ('faults' in group) throw misconfigured(group.faults)
  return group.value
}

/** The problem of a Worker whose settings have these faults, which only the log names. */
export function misconfigured(faults: readonly string[]): Problem {
  return new Problem('misconfigured', { log: { settings: faults } })
}

/**
 * The problem of an endpoint that no setting turns on. The client hears that there is nothing; the
 * log says which setting does.
 *
 * @param notFound The problem of a path that does not exist
 */
export function endpointOff<Code extends string>(
  setting: string,
  notFound: Problem<Code>,
): Problem<Code> {
  const advice = `${setting} is not set, so this endpoint is off; in .dev.vars, [secrets] in wrangler.toml has to name it`
  return notFound.with({ log: { settings: [advice] } })
}

/** Whether a setting is there and not empty. */
export function isSet(setting: unknown): boolean {
  return typeof setting === 'string' ? setting.trim() !== '' : setting !== undefined
}

// A secret piped in from a file ends in a newline, and an empty var counts as unset.
export const trimmed = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' ? value.trim() || undefined : value)),
)

export const text = v.pipe(
  trimmed,
  v.string(({ input }) => (input === undefined ? 'is missing' : 'must be a string')),
)

export const optionalText = v.optional(
  v.pipe(
    trimmed,
    v.transform((value) => value ?? null),
    v.custom<string | null>(
      (value) => value === null || typeof value === 'string',
      'must be a string',
    ),
  ),
  null,
)

function isWhole(value: unknown): value is number {
  return Number.isInteger(value)
}

export const seconds = ({ min, max, ...rest }: { min: number; max: number; default: number }) => {
  const message = `must be a whole number of seconds from ${min} to ${max}`
  return v.optional(
    v.pipe(
      trimmed,
      v.transform((value = rest.default) =>
        typeof value === 'string' && !/\D/.test(value) ? Number(value) : value,
      ),
      v.custom<number>((value) => isWhole(value) && value >= min && value <= max, message),
    ),
    rest.default,
  )
}

/** Comma-separated, white space around each part dropped. */
const list = (fits: (part: string) => boolean, message: string) =>
  v.pipe(
    optionalText,
    v.transform((value) => value?.split(',').map((part) => part.trim()) ?? null),
    v.check((parts) => parts === null || parts.every(fits), message),
  )

export const binding = <Binding>(method: string, message: string) =>
  v.custom<Binding>((value) => typeof value === 'object' && !!value && method in value, message)

/** The shortest service key, in characters. */
const SERVICE_KEY_LENGTH = 32

const keys = list(
  (key) => /^[\x21-\x7e]*$/.test(key) && key.length >= SERVICE_KEY_LENGTH,
  `must be keys of at least ${SERVICE_KEY_LENGTH} characters, separated by commas`,
)

/** The keys that backends authenticate with; `null` for none. */
export const ServiceKeys = v.pipe(
  object({ SERVICE_KEYS: keys }),
  v.transform(({ SERVICE_KEYS }) => SERVICE_KEYS),
)

/** The keys that only gateways authenticate with; `null` for none. */
export const GatewayKeys = v.pipe(
  object({ GATEWAY_KEYS: keys }),
  v.transform(({ GATEWAY_KEYS }) => GATEWAY_KEYS),
)

/** The keys of `npm run dev`, which stand in the documents. */
const SANDBOX_KEYS = [
  'the-sandbox-service-key-is-public-too',
  'the-sandbox-gateway-key-is-public-too',
  'the-sandbox-payments-key-is-public-too',
]

/**
 * Keys, unless one of them is the sandbox's, which everybody knows.
 *
 * @param setting The name of their setting
 * @param isSandbox Whether the other credentials are the sandbox's, too
 */
export function refuseSandboxKeys(
  setting: string,
  keys: Group<readonly string[] | null>,
  isSandbox: boolean,
): Group<readonly string[] | null> {
  const isPublic = findValue(keys)?.some((key) => SANDBOX_KEYS.includes(key)) ?? false
  if (isSandbox || !isPublic) return keys
  const fault = 'has a key of the sandbox, which is public; make another: openssl rand -base64 32'
  return { faults: [`${setting} ${fault}`] }
}

/** A base URL of an API. Requests carry credentials, so plain http is for a loopback host only. */
export function isBaseUrl(value: string): boolean {
  const url = URL.parse(value)
  if (!url || url.username || url.password || /[?#]/.test(value)) return false
  if (url.protocol === 'https:') return true
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  return url.protocol === 'http:' && loopback
}

/**
 * Base URLs in their normal form without a trailing slash, in the order to try them; `null` if the
 * setting is absent.
 */
export const baseUrls = v.pipe(
  list(isBaseUrl, 'must be https URLs without credentials, query or fragment, separated by commas'),
  v.transform((bases) => bases?.map((base) => new URL(base).href.replace(/\/+$/, '')) ?? null),
)
