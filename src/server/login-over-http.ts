/** Whose token it is, asked of the login server: what the Worker asks its binding `LOGIN`. */

import { isBaseUrl } from '../core/settings'
import type { LoginBinding } from '../pay/config'
import { StartFault } from './fault'
import type { Environment } from './settings'

/** In characters. No token is longer, and nine times as many bytes fit into the body of a request. */
const LONGEST_TOKEN = 4096

/** The login server that settings name; `undefined` if no payment names a token. @throws {StartFault} */
export function findLogin({ LOGIN_URL, LOGIN_SERVICE_KEY }: Environment) {
  const [url, key] = [LOGIN_URL?.trim(), LOGIN_SERVICE_KEY?.trim()]
  if (!url && !key) return undefined
  if (url && key && isBaseUrl(url)) return createLoginBinding(url.replace(/\/$/, ''), key)
  throw new StartFault(
    'LOGIN_URL must be an https URL, or http on a loopback host, with LOGIN_SERVICE_KEY beside it',
  )
}

/** Asks `POST /introspect` (RFC 7662), for 5 seconds at most; rejects where it cannot find out. */
function createLoginBinding(url: string, key: string): LoginBinding & { fetch: object } {
  return {
    fetch,
    async verify(token) {
      // In a form, neither can be asked about: the login refuses the request, and not the token.
      if (!token || token.length > LONGEST_TOKEN)
        return { ok: false, error: { code: 'session_invalid' } }
      const response = await fetch(`${url}/introspect`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}` },
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
