/**
 * Bearer tokens: what an `Authorization` header says, and the challenge a 401 owes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */

import { equalDigests, sha256Bytes } from '../lib/crypto'
import { Problem } from '../problem'

/** The token of an `Authorization` header, `''` for an empty one; `null` without the scheme. */
export function bearerToken(authorization: string | undefined): string | null {
  const match = /^Bearer(?: +(.*))?$/i.exec(authorization?.trim() ?? '')
  return match ? (match[1] ?? '') : null
}

/**
 * The token that a session must come with.
 *
 * @throws {Problem} `session_required`
 */
export function requiredToken(authorization: string | undefined): string {
  const token = bearerToken(authorization)
  if (token !== null) return token
  throw new Problem('session_required', { headers: { 'WWW-Authenticate': 'Bearer' } })
}

/**
 * Lets a backend in that has one of the service keys.
 *
 * @param keys `null` if no keys are configured: then there is no such endpoint
 * @param onWrongKey Called for a wrong one, before it is refused
 * @throws {Problem} `not_found`, `service_key_required`, `service_key_invalid`
 */
export async function requireServiceKey(
  keys: readonly string[] | null,
  authorization: string | undefined,
  onWrongKey: () => Promise<void>,
): Promise<void> {
  if (!keys) throw new Problem('not_found')
  const key = bearerToken(authorization)
  if (key === null) {
    throw new Problem('service_key_required', { headers: { 'WWW-Authenticate': 'Bearer' } })
  }
  // Digests, so that the length of a key does not show either; all of them, whichever fits.
  const sent = await sha256Bytes(key)
  const digests = await Promise.all(keys.map(sha256Bytes))
  if (digests.map((digest) => equalDigests(digest, sent)).includes(true)) return
  await onWrongKey()
  const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' }
  throw new Problem('service_key_invalid', { headers })
}
