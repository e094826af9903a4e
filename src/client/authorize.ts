/** Asks the user for a scope: WeChat's three steps as one. */

import { type Code2SessionError, wxFailed } from './error'
import { type AuthSetting, promised, type Wx } from './wx'

/**
 * `granted`; `denied` by the user just now; or `needs-settings`: denied before, and the settings
 * can only be opened from a tap, `wx.openSetting` or `<button open-type="openSetting">`.
 */
export type Authorization = 'granted' | 'denied' | 'needs-settings'

export async function authorize(wx: Wx, scope: string): Promise<Authorization> {
  const { getSetting, authorize, openSetting } = wx as Required<Wx>
  const allowed = (setting: AuthSetting) =>
    Object(Object(setting).authSetting)[scope] as boolean | undefined
  const present = await promised<AuthSetting>((c) => getSetting.call(wx, c), wxFailed)
  const before = allowed(present)
  if (before) return 'granted'
  if (before === undefined) {
    const asked = promised((c) => authorize.call(wx, { scope, ...c }), wxFailed)
    return asked.then(
      () => 'granted',
      (error: Code2SessionError) => {
        // Anything else, such as a scope that the privacy guideline leaves out, asked nobody.
        if (error.errno === 103 || error.errno === 104 || /den(y|ied)|cancel/.test(error.message))
          return 'denied'
        throw error
      },
    )
  }
  const settings = promised<AuthSetting>((c) => openSetting.call(wx, c), wxFailed)
  return settings.then(
    (setting) => (allowed(setting) ? 'granted' : 'denied'),
    () => 'needs-settings',
  )
}
