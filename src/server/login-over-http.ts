/** Whose token it is, asked of the login server: what the Worker asks its binding `LOGIN`. */

import type { LoginBinding } from '../pay/config'

/** How long the login server may take, in milliseconds. */
const DEADLINE_MILLISECONDS = 5000

/**
 * Asks `POST /introspect` (RFC 7662).
 *
 * @param url Base URL of the login server
 * @param serviceKey One of its SERVICE_KEYS
 * @returns An object in the shape of the binding; `verify` rejects where it cannot find out
 */
export function createLoginBinding(
  url: string,
  serviceKey: string,
): LoginBinding & { fetch: object } {
  return {
    fetch,
    async verify(token) {
      const response = await fetch(`${url.replace(/\/+$/, '')}/introspect`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${serviceKey}` },
        body: new URLSearchParams({ token }),
        redirect: 'manual',
        signal: AbortSignal.timeout(DEADLINE_MILLISECONDS),
      })
      if (response.status === 401 || response.status === 404) {
        return { ok: false, error: { code: 'misconfigured' } }
      }
      if (!response.ok) throw new Error(`HTTP status ${response.status}`)
      const { active, client_id, openid }: Record<string, unknown> = await response.json()
      if (active === false) return { ok: false, error: { code: 'session_invalid' } }
      if (active !== true || typeof client_id !== 'string' || typeof openid !== 'string') {
        throw new Error('not a response of /introspect')
      }
      return { ok: true, session: { appid: client_id, openid } }
    },
  }
}
