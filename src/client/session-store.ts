/** The session on the phone, in memory and in `wx` storage. */

import { readFields } from './fields'
import type { Wx } from './wx'

/**
 * A session on the phone.
 *
 * @example
 * ```ts
 * const { userId, expiresAt }: Session = await client.ready()
 * const hoursLeft = (expiresAt - Date.now()) / 3_600_000
 * ```
 */
export interface Session {
  /** The bearer token. */
  readonly token: string
  readonly userId: string
  /** Unix milliseconds on the clock of this phone, which may differ from the server's. */
  readonly expiresAt: number
}

export function createSessionStore(wx: Wx, key: string) {
  /** Undefined until storage has been read. */
  let stored: Session | null | undefined

  function load(): Session | null {
    try {
      return parseSession(wx.getStorageSync(key))
    } catch (_) {
      return null
    }
  }

  function save(session: Session | null): void {
    stored = session
    try {
      if (session) wx.setStorageSync(key, session)
      else wx.removeStorageSync(key)
    } catch (_) {
      // If storage fails, the session lasts until the mini program is closed.
    }
  }

  return {
    save,
    /** The session, or null if there is none or it has expired. */
    current: (): Session | null => {
      if (stored === undefined) stored = load()
      return stored && Date.now() < stored.expiresAt ? stored : null
    },
    /** Removes the session with this token. A newer session stays. */
    forget: (token: string): void => {
      if (stored && stored.token === token) save(null)
    },
  }
}

/** The session in a value; null if a field is missing, or `expiresAt` is not a number. */
export function parseSession(value: unknown): Session | null {
  const { token, userId, expiresAt } = readFields(value)
  const hasTexts = typeof token === 'string' && typeof userId === 'string'
  return hasTexts && typeof expiresAt === 'number' && expiresAt > 0
    ? { token, userId, expiresAt }
    : null
}
