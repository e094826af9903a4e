/** Which mini program a request is for. Nothing remembers it: a session knows its own. */

import type { App, Config } from './config'
import { Problem } from './problem'

/** WeChat sets this header on every `wx.request`, and the mini program cannot. */
const REFERER = /^https:\/\/servicewechat\.com\/([^/]+)\/[^/]+\/page-frame\.html/

/**
 * The mini program that a request names, else the one whose page it comes from, else the only one.
 *
 * A Referer can be forged with curl. All it chooses is whose code2Session is asked, and a code is
 * good in its own mini program only.
 *
 * @throws {Problem} `appid_required`, `appid_unknown`
 */
export function chooseApp(
  { apps }: Config,
  { appid, referer }: { appid?: string | undefined; referer?: string | undefined },
): App {
  const named = appid ?? REFERER.exec(referer ?? '')?.[1]
  if (named !== undefined) return appOf({ apps }, named)
  const [only, ...others] = apps.values()
  if (!only || others.length > 0) throw new Problem('appid_required')
  return only
}

/** @throws {Problem} `appid_unknown` */
export function appOf({ apps }: Pick<Config, 'apps'>, appid: string): App {
  const app = apps.get(appid)
  if (!app) throw new Problem('appid_unknown')
  return app
}
