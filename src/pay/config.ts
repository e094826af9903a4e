/** The settings of the payments Worker: a typed value from the `unknown` of its `env`. */

import * as v from 'valibot'
import type { ErrorCode } from '../core/errors'
import { Problem } from '../core/problem'
import { object } from '../core/schemas'
import {
  baseUrls,
  binding,
  endpointOff,
  findFaults,
  findValue,
  type Group,
  isBaseUrl,
  optionalText,
  parseGroup,
  refuseSandboxKeys,
  requireGroups,
  requireValue,
  ServiceKeys,
  text,
} from '../core/settings'
import { isObject, parseJson, utf8 } from '../lib/encoding'
import { type ParsedKey, parsePrivateKey, parsePublicKey } from '../lib/pem'
import { payProblem } from './errors'

/** What payments ask the login Worker's entrypoint `LoginService`. */
export interface LoginBinding {
  verify(
    token: string,
  ): Promise<
    | { ok: true; session: { appid: string; openid: string } }
    | { ok: false; error: { code: ErrorCode } }
  >
}

export interface PayConfig {
  readonly mchid: string
  /** Of the merchant's API certificate: 40 hex digits. */
  readonly serialNo: string
  /** The one that signs requests. */
  readonly privateKey: CryptoKey
  /** The key of WeChat Pay that is asked for, `PUB_KEY_ID_…`. */
  readonly publicKeyId: string
  /** The keys that WeChat Pay may sign with, by serial. */
  readonly publicKeys: ReadonlyMap<string, CryptoKey>
  /** AES-256: opens the resource of a callback. */
  readonly apiV3Key: CryptoKey
  /** Where WeChat Pay calls back. */
  readonly notifyUrl: string
  /** Base URLs without a trailing slash, in the order to try them; at least one. */
  readonly apiBases: readonly string[]
  /** The keys that backends authenticate with; `null` turns their endpoints off. Callbacks need none. */
  readonly serviceKeys: Group<readonly string[] | null>
  /** The login Worker; `null` if no payment names a token. */
  readonly login: LoginBinding | null
  /** The developer's own entrypoint, with `onPayment`; `null` for none. */
  readonly hooks: object | null
  /** The Queue that takes events; `null` for none. Orders and refunds need none. */
  readonly events: Group<Queue | null>
}

const API_BASES = ['https://api.mch.weixin.qq.com', 'https://api2.mch.weixin.qq.com']

const Settings = object({
  WECHAT_PAY_MCHID: v.pipe(text, v.regex(/^\d{6,32}$/, 'must be the digits of a mchid')),
  WECHAT_PAY_CERT_SERIAL_NO: v.pipe(
    text,
    v.regex(/^[\dA-Fa-f]{8,64}$/, 'must be the hex serial of the merchant API certificate'),
  ),
  WECHAT_PAY_PUBLIC_KEY_ID: v.pipe(
    text,
    v.regex(/^PUB_KEY_ID_\w+$/, 'must be the id of the public key, which starts with PUB_KEY_ID_'),
  ),
  WECHAT_PAY_NOTIFY_URL: v.pipe(
    text,
    v.check(isNotifyUrl, 'must be an https URL without a query, of at most 255 characters'),
  ),
  WECHAT_PAY_API_BASE: baseUrls,
  WECHAT_PAY_PRIVATE_KEY: text,
  WECHAT_PAY_PUBLIC_KEY: text,
  WECHAT_PAY_API_V3_KEY: v.pipe(
    text,
    v.check((key) => utf8(key).length === 32, 'must have 32 bytes'),
    v.check((key) => !/^(.)\1*$/u.test(key), 'must not be one character, repeated'),
  ),
  WECHAT_PAY_EXTRA_KEYS: optionalText,
  LOGIN: v.optional(binding<LoginBinding>('fetch', 'must be a service binding')),
  HOOKS: v.optional(binding<object>('fetch', 'must be a service binding')),
})

const Events = v.pipe(
  object({ EVENTS: v.optional(binding<Queue>('send', 'must be a Queue producer binding')) }),
  v.transform(({ EVENTS = null }) => EVENTS),
)

/** The names of all settings of the payments Worker, required or not. */
export function listPaySettings(): readonly string[] {
  return [Settings, ServiceKeys, Events].flatMap(({ entries }) => Object.keys(entries))
}

/** The merchant of `npm run dev`, whom WeChat Pay does not know. */
const SANDBOX_MCHID = '1900000001'

/**
 * Parses the `env` of the payments Worker.
 *
 * @throws {Problem} `misconfigured`, with every setting that is wrong in its log, by name
 */
export async function parsePayConfig(env: unknown): Promise<PayConfig> {
  const settings = parseGroup(Settings, env)
  const isSandbox = findValue(settings)?.WECHAT_PAY_MCHID === SANDBOX_MCHID
  const optional = {
    serviceKeys: refuseSandboxKeys('SERVICE_KEYS', parseGroup(ServiceKeys, env), isSandbox),
    events: parseGroup(Events, env),
  }
  const { settings: output, keys } = requireGroups(
    {
      settings,
      keys: await parseKeys(isObject(env) ? env : {}),
    },
    findOptionalFaults(optional),
  )
  const { privateKey, publicKey, extraKeys } = keys
  if (!privateKey || !publicKey) throw new Problem('misconfigured')
  return {
    mchid: output.WECHAT_PAY_MCHID,
    serialNo: output.WECHAT_PAY_CERT_SERIAL_NO,
    privateKey,
    publicKeyId: output.WECHAT_PAY_PUBLIC_KEY_ID,
    publicKeys: new Map([...extraKeys, [output.WECHAT_PAY_PUBLIC_KEY_ID, publicKey]]),
    apiV3Key: await importApiV3Key(output.WECHAT_PAY_API_V3_KEY),
    notifyUrl: output.WECHAT_PAY_NOTIFY_URL,
    apiBases: output.WECHAT_PAY_API_BASE ?? API_BASES,
    login: output.LOGIN ?? null,
    hooks: output.HOOKS ?? null,
    ...optional,
  }
}

/** What is wrong with settings that turn off only their own endpoints. */
export function findOptionalFaults({
  serviceKeys,
  events,
}: Pick<PayConfig, 'serviceKeys' | 'events'>): readonly string[] {
  return [serviceKeys, events].flatMap(findFaults)
}

/** @throws {Problem} `misconfigured`; `not_found`: without `SERVICE_KEYS` there are no endpoints */
export function requirePayServiceKeys(config: PayConfig): readonly string[] {
  const keys = requireValue(config.serviceKeys)
  if (!keys) throw endpointOff('SERVICE_KEYS', payProblem('not_found'))
  return keys
}

interface Keys {
  readonly privateKey: CryptoKey | null
  readonly publicKey: CryptoKey | null
  readonly extraKeys: readonly (readonly [string, CryptoKey])[]
}

/** All keys, so that all that is wrong with them is named at once. */
async function parseKeys(env: Record<string, unknown>): Promise<Group<Keys>> {
  const faults: string[] = []
  const take = (name: string, parsed: ParsedKey | null) => {
    if (parsed && 'fault' in parsed) faults.push(`${name} ${parsed.fault}`)
    return parsed && 'key' in parsed ? parsed.key : null
  }
  const { WECHAT_PAY_PRIVATE_KEY: own, WECHAT_PAY_PUBLIC_KEY: theirs } = env
  const privateKey = take('WECHAT_PAY_PRIVATE_KEY', isText(own) ? await parsePrivateKey(own) : null)
  const publicKey = take(
    'WECHAT_PAY_PUBLIC_KEY',
    isText(theirs) ? await parsePublicKey(theirs) : null,
  )
  const extraKeys: [string, CryptoKey][] = []
  for (const [serial, pem] of parseExtraKeys(env.WECHAT_PAY_EXTRA_KEYS, faults)) {
    // The serial stands in WeChat Pay's header as it stands here.
    const key = take('WECHAT_PAY_EXTRA_KEYS', await parsePublicKey(pem))
    if (key) extraKeys.push([serial, key])
  }
  return faults.length > 0 ? { faults } : { value: { privateKey, publicKey, extraKeys } }
}

function parseExtraKeys(value: unknown, faults: string[]): [string, string][] {
  if (!isText(value)) return []
  const keys = parseJson(value)
  if (isObject(keys) && Object.values(keys).every(isText)) {
    return Object.entries(keys).map(([serial, pem]) => [serial, String(pem)])
  }
  faults.push('WECHAT_PAY_EXTRA_KEYS must be a JSON object of serials, each with its public key')
  return []
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

function importApiV3Key(key: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', utf8(key), 'AES-GCM', false, ['decrypt'])
}

/** Plain http is for a loopback host only, as everywhere. */
function isNotifyUrl(value: string): boolean {
  return value.length <= 255 && isBaseUrl(value)
}
