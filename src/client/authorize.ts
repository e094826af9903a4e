/** Asks the user for a scope: the three steps that WeChat documents, in one call. */

import { wxFailed } from './error'
import { readFields } from './fields'
import { callWx, type Wx } from './wx'

/**
 * - `granted`: now or before.
 * - `denied`: the user has just denied it.
 * - `needs-settings`: the user denied it before, and the settings can be opened only from a tap,
 *   with `wx.openSetting` or `<button open-type="openSetting">`.
 *
 * @example
 * ```ts
 * const outcome: Authorization = await client.authorize('scope.werun')
 * if (outcome === 'granted') showSteps()
 * ```
 */
export type Authorization = 'granted' | 'denied' | 'needs-settings'

export async function authorize(wx: Wx, scope: string): Promise<Authorization> {
  const decision = findDecision(await callWx(wx, 'getSetting', {}, wxFailed), scope)
  if (decision === undefined) return askUser(wx, scope)
  return decision ? 'granted' : openSettings(wx, scope)
}

async function askUser(wx: Wx, scope: string): Promise<Authorization> {
  try {
    await callWx(wx, 'authorize', { scope }, wxFailed)
    return 'granted'
  } catch (error) {
    if (isDenial(error)) return 'denied'
    throw error
  }
}

async function openSettings(wx: Wx, scope: string): Promise<Authorization> {
  try {
    const setting = await callWx(wx, 'openSetting', {}, wxFailed)
    return findDecision(setting, scope) ? 'granted' : 'denied'
  } catch (_) {
    return 'needs-settings'
  }
}

/** What the user decided about a scope; undefined if the user has never been asked. */
function findDecision(setting: unknown, scope: string): unknown {
  return readFields(readFields(setting).authSetting)[scope]
}

/** WeChat also rejects when it asked nobody, as for a scope that the privacy guideline lacks. */
function isDenial(error: unknown): boolean {
  const { errno, message } = readFields(error)
  return errno === 103 || errno === 104 || /den(y|ied)|cancel/.test(String(message))
}
