/** Mini programs and their credentials: those of the settings, and the one that a request means. */

import * as v from 'valibot'
import { Problem } from '../core/problem'
import { object } from '../core/schemas'
import { type Group, parseGroup, text, trimmed } from '../core/settings'
import { isObject, parseJson } from '../lib/encoding'

/** A mini program with its credentials at WeChat. */
export interface MiniProgram {
  readonly appid: string
  readonly appsecret: string
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
    v.record(
      v.pipe(v.string(), v.regex(APPID, APPS_MESSAGE)),
      v.pipe(v.string(APPS_MESSAGE), v.regex(APPSECRET, APPS_MESSAGE)),
      APPS_MESSAGE,
    ),
    v.check((apps) => Object.keys(apps).length > 0, APPS_MESSAGE),
  ),
})

/** The mini programs of the settings: those of `WECHAT_APPS`, else the one of `WECHAT_APPID`. */
export function parseMiniPrograms(env: unknown): Group<MiniPrograms> {
  const hasSeveral = isObject(env) && env.WECHAT_APPS !== undefined && env.WECHAT_APPS !== ''
  if (hasSeveral) {
    const several = parseGroup(SeveralMiniPrograms, env)
    return 'value' in several ? { value: toMiniPrograms(several.value.WECHAT_APPS) } : several
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

/** The settings that have mini programs. */
interface Configured {
  readonly miniPrograms: MiniPrograms
}

/**
 * The mini program with this appid, or without an appid, the only one.
 *
 * @throws {Problem} `appid_required`, `appid_unknown`
 */
export function chooseMiniProgram(config: Configured, appid: string | null): MiniProgram {
  if (appid !== null) return requireMiniProgram(config, appid)
  const [only, ...others] = config.miniPrograms.values()
  if (!only || others.length > 0) throw new Problem('appid_required')
  return only
}

/** @throws {Problem} `appid_unknown` */
export function requireMiniProgram({ miniPrograms }: Configured, appid: string): MiniProgram {
  const miniProgram = miniPrograms.get(appid)
  if (!miniProgram) throw new Problem('appid_unknown')
  return miniProgram
}
