/**
 * The mini program that an AppID names: one in the settings, or one that the hook `findMiniProgram`
 * knows. The settings win, and ask nobody. What the hook says is kept in the isolate.
 */

import { hasHook, hookFailed, MISSING } from '../core/hook-calls'
import { Problem, toProblem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { misconfigured } from '../core/settings'
import { BoundedMap } from '../lib/bounded-map'
import { createSingleFlight, type SingleFlight } from '../lib/single-flight'
import type { Context } from './context'
import { askMiniProgramHook, FIND_MINI_PROGRAM, HOOK_MILLISECONDS, type HookContext } from './hooks'
import { type FoundMiniProgram, type MiniProgram, NO_MINI_PROGRAM } from './mini-programs'

/** What the hook has said of an AppID. Times are Unix seconds. */
interface CachedAnswer {
  /** `null` for one that is not ours. */
  readonly miniProgram: FoundMiniProgram | null
  readonly freshUntil: number
  /** After a question that failed, when live sessions have the next one asked. */
  askAgainAt: number
}

/** What an isolate remembers of the hook. */
export interface FoundMiniPrograms {
  readonly ours: Map<string, CachedAnswer>
  /** Apart from the others, or made-up AppIDs could push them out. */
  readonly notOurs: Map<string, CachedAnswer>
  /** Questions in progress, by AppID. */
  readonly questions: SingleFlight<FoundMiniProgram | null>
}

/** What the lookup of a mini program needs. */
export interface LookupContext extends Context, HookContext {
  readonly foundMiniPrograms: FoundMiniPrograms
}

/** How long an answer is kept, in seconds. */
const FRESH_SECONDS = 60

/** How long live sessions go on after a question that failed until another one, in seconds. */
const ASK_AGAIN_SECONDS = 5

/** The form of WeChat's AppIDs. The settings take more, but strangers choose what the hook is asked. */
const ASKABLE_APPID = /^wx[A-Za-z\d]{16}$/

export function createFoundMiniPrograms({ waitUntil, deadline }: Runtime): FoundMiniPrograms {
  const questions = createSingleFlight<FoundMiniProgram | null>({
    waitUntil,
    deadline,
    joinMilliseconds: HOOK_MILLISECONDS,
    onTimeout: () => hookFailed(FIND_MINI_PROGRAM, 'did not answer in time'),
  })
  return { ours: new BoundedMap(), notOurs: new BoundedMap(), questions }
}

/**
 * The mini program with this appid, or without an appid, the only one in the settings.
 *
 * @throws {Problem} `appid_required`, `appid_unknown`, `hook_unavailable`, `misconfigured`
 */
export async function chooseMiniProgram(
  context: LookupContext,
  appid: string | null,
): Promise<MiniProgram> {
  const found = appid === null ? null : await findByHook(context, appid)
  return found ?? chooseFromSettings(context, appid)
}

/**
 * What {@link chooseMiniProgram} finds in the settings alone.
 *
 * @throws {Problem} `appid_required`, `appid_unknown`, `misconfigured`
 */
export async function chooseFromSettings(
  { config: { miniPrograms }, hooks, runtime }: LookupContext,
  appid: string | null,
): Promise<MiniProgram> {
  if (appid !== null) {
    const miniProgram = miniPrograms.get(appid)
    if (miniProgram) return miniProgram
    throw new Problem('appid_unknown')
  }
  const [only, ...others] = miniPrograms.values()
  if (only && others.length === 0) return only
  const call = { ...FIND_MINI_PROGRAM, signal: runtime.deadline(HOOK_MILLISECONDS) }
  if (!only && !(await hasHook(hooks, call))) throw misconfigured([NO_MINI_PROGRAM])
  throw new Problem('appid_required')
}

/**
 * The mini program of a session. While the hook fails, it is the one that the hook has found last.
 *
 * @returns `null` if it is not ours, or no longer
 * @throws {Problem} `hook_unavailable`, `misconfigured`
 */
export async function findMiniProgram(
  context: LookupContext,
  appid: string,
): Promise<MiniProgram | null> {
  const { miniPrograms } = context.config
  return miniPrograms.get(appid) ?? findByHook(context, appid, { isLive: true })
}

/**
 * The mini program of a live session.
 *
 * @throws {Problem} `session_invalid` if it has just been removed, `hook_unavailable`, `misconfigured`
 */
export async function requireMiniProgram(
  context: LookupContext,
  appid: string,
): Promise<MiniProgram> {
  const miniProgram = await findMiniProgram(context, appid)
  if (!miniProgram) throw new Problem('session_invalid')
  return miniProgram
}

/** How the hook is asked. */
export interface LookupOptions {
  /** For a session that is alive: while the hook fails, its last answer counts, however old. */
  readonly isLive?: boolean
  /** Runs before the hook is asked about an AppID that it has not found before. */
  readonly beforeAsking?: (() => Promise<void>) | undefined
}

/**
 * The mini program that the hook knows by this appid.
 *
 * @returns `null` if it knows none, or must not be asked
 * @throws {Problem} `hook_unavailable`, `misconfigured`
 */
export async function findByHook(
  context: LookupContext,
  appid: string,
  { isLive, beforeAsking }: LookupOptions = {},
): Promise<FoundMiniProgram | null> {
  const { config, hooks, runtime, foundMiniPrograms } = context
  if (!hooks || config.miniPrograms.has(appid) || !ASKABLE_APPID.test(appid)) return null
  const { ours, notOurs, questions } = foundMiniPrograms
  const known = ours.get(appid) ?? notOurs.get(appid)
  const now = runtime.now()
  if (known && (now < known.freshUntil || (isLive && now < known.askAgainAt))) {
    return known.miniProgram
  }
  if (!known?.miniProgram) await beforeAsking?.()
  try {
    return await questions(appid, () => askHook(context, appid))
  } catch (error) {
    // An old "not ours" is no reason to log anybody out: the mini program may be ours by now.
    if (!known?.miniProgram || !isLive) throw error
    const { code, options } = toProblem(error)
    known.askAgainAt = runtime.now() + ASK_AGAIN_SECONDS
    runtime.log({ level: 'warn', code, ...options.log })
    return known.miniProgram
  }
}

async function askHook(context: LookupContext, appid: string): Promise<FoundMiniProgram | null> {
  const { config, runtime, foundMiniPrograms } = context
  const { ours, notOurs } = foundMiniPrograms
  const freshUntil = runtime.now() + FRESH_SECONDS
  const answer = await askMiniProgramHook(context, appid)
  if (answer === MISSING && config.miniPrograms.size === 0) throw misconfigured([NO_MINI_PROGRAM])
  const miniProgram = answer === MISSING ? null : answer
  ours.delete(appid)
  notOurs.delete(appid)
  const holder = miniProgram ? ours : notOurs
  holder.set(appid, { miniProgram, freshUntil, askAgainAt: 0 })
  return miniProgram
}
