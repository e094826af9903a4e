/** Which mini program a request concerns. */

import { Problem } from '../core/problem'
import type { Config, MiniProgram } from './config'

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
