/**
 * Bearer tokens in the `Authorization` header.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */

import { equalDigests, sha256Bytes } from '../lib/crypto'
import { Problem } from '../problem'

/** The token of an `Authorization` header, `''` for an empty one; `null` without the scheme. */
export function parseBearerToken(authorization: string | undefined): string | null {
  const match = /^Bearer(?: +(.*))?$/i.exec(authorization?.trim() ?? '')
  return match ? (match[1] ?? '') : null
}

/**
 * The token of a request that needs a session.
 *
 * @throws {Problem} `session_required`
 */
export function requireBearerToken(authorization: string | undefined): string {
  const token = parseBearerToken(authorization)
  if (token === null) throw new Problem('session_required')
  return token
}

/**
 * Admits a backend that sends one of the service keys.
 *
 * @throws {Problem} `service_key_required`, `service_key_invalid`
 */
export async function checkServiceKey(
  keys: readonly string[],
  authorization: string | undefined,
): Promise<void> {
  const key = parseBearerToken(authorization)
  if (key === null) throw new Problem('service_key_required')
  if (!(await isServiceKey(keys, key))) throw new Problem('service_key_invalid')
}

/** Compares digests, which hide the keys' lengths, and all of them, which hides the one that fits. */
async function isServiceKey(keys: readonly string[], key: string): Promise<boolean> {
  const sent = await sha256Bytes(key)
  const digests = await Promise.all(keys.map(sha256Bytes))
  return digests.map((digest) => equalDigests(digest, sent)).includes(true)
}
