/** Mini programs and their credentials: those of the settings, and those that a hook knows. */

import * as v from 'valibot'
import { object } from '../core/schemas'
import {
  findValue,
  type Group,
  isSet,
  optionalText,
  parseGroup,
  text,
  trimmed,
} from '../core/settings'
import { isObject, parseJson } from '../lib/encoding'

/** A mini program with its credentials at WeChat. */
export interface MiniProgram {
  readonly appid: string
  readonly appsecret: string
}

/** What message push is set up with. */
export interface PushKeys {
  readonly token: string
  /** The EncodingAESKey of safe mode; `null` for plain mode. */
  readonly aesKey: string | null
}

/** A mini program that a hook knows. */
export interface FoundMiniProgram extends MiniProgram {
  /** `null` for no message push. */
  readonly push: PushKeys | null
}

/** By appid. */
export type MiniPrograms = ReadonlyMap<string, MiniProgram>

const APPID = /^wx[\w-]+$/
const APPSECRET = /^[\x21-\x7e]+$/

const APPID_MESSAGE = 'must be the AppID of a mini program, which starts with wx'
const APPS_MESSAGE = 'must be a JSON object of AppIDs, each with its AppSecret'

export const OneMiniProgram = object({
  WECHAT_APPID: v.pipe(text, v.regex(APPID, APPID_MESSAGE)),
  WECHAT_APPSECRET: v.pipe(text, v.regex(APPSECRET, 'must be the AppSecret, without spaces')),
})

export const SeveralMiniPrograms = object({
  WECHAT_APPS: v.pipe(
    trimmed,
    v.transform((value) => (typeof value === 'string' ? parseJson(value) : value)),
    v.custom<Readonly<Record<string, string>>>(areApps, APPS_MESSAGE),
  ),
})

function areApps(value: unknown): boolean {
  const apps = isObject(value) ? Object.entries(value) : []
  const isApp = ([appid, secret]: [string, unknown]) =>
    APPID.test(appid) && typeof secret === 'string' && APPSECRET.test(secret)
  return apps.length > 0 && apps.every(isApp)
}

export const PushTexts = object({
  WECHAT_PUSH_TOKEN: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || /^[A-Za-z0-9]{3,32}$/.test(value),
      'must be 3 to 32 letters and digits',
    ),
  ),
  WECHAT_PUSH_AES_KEY: v.pipe(
    optionalText,
    // The "=" makes base64 of the key, and WeChat's documents append it in their code.
    v.transform((value) => value?.replace(/=$/, '') ?? null),
    v.check(
      (value) => value === null || /^[A-Za-z0-9]{43}$/.test(value),
      'must be the 43 letters and digits of EncodingAESKey',
    ),
  ),
})

/** What is wrong where neither the settings nor a hook can know a mini program. */
export const NO_MINI_PROGRAM =
  'WECHAT_APPID and WECHAT_APPS are missing, and HOOKS has no method findMiniProgram'

/**
 * The mini programs of the settings: those of `WECHAT_APPS`, else the one of `WECHAT_APPID`. With a
 * hook that knows others, there may be none.
 */
export function parseMiniPrograms(env: unknown, hooks: object | null): Group<MiniPrograms> {
  const settings = isObject(env) ? env : {}
  if (isSet(settings.WECHAT_APPS)) {
    const several = parseGroup(SeveralMiniPrograms, env)
    return 'value' in several ? { value: toMiniPrograms(several.value.WECHAT_APPS) } : several
  }
  if (hooks && !isSet(settings.WECHAT_APPID)) {
    // A service binding has every method until it is called.
    const canFind = typeof Reflect.get(hooks, 'findMiniProgram') === 'function'
    return canFind ? { value: new Map() } : { faults: [NO_MINI_PROGRAM] }
  }
  const one = parseGroup(OneMiniProgram, env)
  if ('faults' in one) return one
  return { value: toMiniPrograms({ [one.value.WECHAT_APPID]: one.value.WECHAT_APPSECRET }) }
}

function toMiniPrograms(apps: Readonly<Record<string, string>>): MiniPrograms {
  return new Map(
    Object.entries(apps).map(([appid, appsecret]) => [appid, { appid, appsecret }] as const),
  )
}

/** The keys of message push; `null` without a Token. */
export function toPushKeys({
  WECHAT_PUSH_TOKEN: token,
  WECHAT_PUSH_AES_KEY: aesKey,
}: v.InferOutput<typeof PushTexts>): PushKeys | null {
  return token === null ? null : { token, aesKey }
}

/** What a hook says of a mini program; `null` if it is malformed. Only its own members count. */
export function parseMiniProgram(appid: string, answer: object): FoundMiniProgram | null {
  const { appsecret, push = null, ...others }: Fields = { ...answer }
  const credentials = { WECHAT_APPID: appid, WECHAT_APPSECRET: appsecret }
  const one = findValue(parseGroup(OneMiniProgram, credentials))
  const keys = push === null ? null : parsePushKeys(push)
  if (!one || (push !== null && !keys) || Object.keys(others).length > 0) return null
  return { appid, appsecret: one.WECHAT_APPSECRET, push: keys }
}

type Fields = Readonly<Record<string, unknown>>

function parsePushKeys(push: unknown): PushKeys | null {
  const { token, aesKey, ...others }: Fields = { ...(push as object) }
  const texts = { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: aesKey }
  const parsed = findValue(parseGroup(PushTexts, texts))
  return parsed && Object.keys(others).length === 0 ? toPushKeys(parsed) : null
}
