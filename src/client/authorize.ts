/** Asks the user for a scope: WeChat's three steps as one. */

import { Code2SessionError } from './error'
import { type AuthSetting, promised, type Wx } from './wx'

/** WeChat's errno where the privacy guideline leaves something out. */
const PRIVACY_NOT_DECLARED = 112

/**
 * `granted`; `denied` by the user just now; or `needs-settings`: denied before, and the settings
 * can only be opened from a tap, `wx.openSetting` or `<button open-type="openSetting">`.
 */
export type Authorization = 'granted' | 'denied' | 'needs-settings'

export async function authorize(wx: Wx, scope: string): Promise<Authorization> {
  const { getSetting, authorize, openSetting } = wx
  if (!getSetting || !authorize || !openSetting) throw failed({ errMsg: 'this wx has no settings' })

  const allowed = (setting: AuthSetting) =>
    (setting.authSetting as Record<string, boolean | undefined>)[scope]
  const present = await promised<AuthSetting>((callbacks) => getSetting.call(wx, callbacks), failed)
  const before = allowed(present)
  if (before) return 'granted'
  if (before === undefined) {
    const asked = promised((callbacks) => authorize.call(wx, { scope, ...callbacks }), failed)
    return asked.then(
      () => 'granted',
      (error: Code2SessionError) => {
        // Nobody was asked: the mini program's privacy guideline does not name the scope.
        if (error.errno === PRIVACY_NOT_DECLARED) throw error
        return 'denied'
      },
    )
  }
  const settings = promised<AuthSetting>((callbacks) => openSetting.call(wx, callbacks), failed)
  return settings.then(
    (setting) => (allowed(setting) ? 'granted' : 'denied'),
    () => 'needs-settings',
  )
}

function failed(failure: { errMsg: string; errno?: number }): Code2SessionError {
  return new Code2SessionError('wx_failed', 'stop', failure)
}
