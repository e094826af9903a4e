/** Whose token it is, asked of the login server: what the Worker asks its binding `LOGIN`. */

import type { LoginBinding } from '../pay/config'

/**
 * Asks `POST /introspect` (RFC 7662) with a service key, for 5 seconds at most.
 *
 * @param url of the login server, without a slash at its end
 * @returns An object in the shape of the binding; `verify` rejects where it cannot find out
 */
export function createLoginBinding(
  url: string,
  serviceKey: string,
): LoginBinding & { fetch: object } {
  return {
    fetch,
    async verify(token) {
      const response = await fetch(`${url}/introspect`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${serviceKey}` },
        body: new URLSearchParams({ token }),
        redirect: 'manual',
        signal: AbortSignal.timeout(5000),
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
