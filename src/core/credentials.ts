/**
 * Credentials in the `Authorization` header: bearer tokens, and service keys.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */

import { equalDigests, sha256Bytes } from '../lib/crypto'
import { parseBase64, parseUtf8 } from '../lib/encoding'
import { Problem } from './problem'

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
 * Admits a backend that sends one of the service keys as bearer token.
 *
 * @throws {Problem} `service_key_required`, `service_key_invalid`
 */
export async function checkServiceKey(
  keys: readonly string[],
  authorization: string | undefined,
): Promise<void> {
  const key = parseBearerToken(authorization)
  await checkCandidates(keys, key === null ? [] : [key])
}

/**
 * The same for endpoints that OAuth client libraries call, which send the key as the password of
 * HTTP Basic. The user name is ignored.
 *
 * @throws {Problem} `service_key_required`, `service_key_invalid`
 */
export async function checkClientCredentials(
  keys: readonly string[],
  authorization: string | undefined,
): Promise<void> {
  const key = parseBearerToken(authorization)
  const candidates = key === null ? parseBasicPasswords(authorization) : [key]
  await checkCandidates(keys, candidates).catch((error) => {
    if (!(error instanceof Problem)) throw error
    const challenges = [error.row.challenge, 'Basic realm="code2session"'].join(', ')
    throw error.with({ headers: { 'WWW-Authenticate': challenges } })
  })
}

/**
 * The password of HTTP Basic, as sent by curl and Spring, and form-decoded, as OAuth client
 * libraries encode it (RFC 6749 section 2.3.1); none without the scheme.
 */
function parseBasicPasswords(authorization: string | undefined): readonly string[] {
  const encoded = /^Basic +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1]
  const credentials = parseUtf8(parseBase64(encoded ?? '') ?? new Uint8Array())
  if (encoded === undefined) return []
  const password = /^[^:]*:(.*)$/s.exec(credentials ?? '')?.[1] ?? ''
  const decoded = new URLSearchParams(`p=${password.replaceAll('&', '%26')}`).get('p') ?? ''
  return [password, decoded]
}

async function checkCandidates(
  keys: readonly string[],
  candidates: readonly string[],
): Promise<void> {
  if (candidates.length === 0) throw new Problem('service_key_required')
  const found = await Promise.all(candidates.map((candidate) => isServiceKey(keys, candidate)))
  if (!found.includes(true)) throw new Problem('service_key_invalid')
}

/**
 * Compares digests, so that key lengths do not show, and all of them, so that timing does not tell
 * which one matched.
 */
async function isServiceKey(keys: readonly string[], key: string): Promise<boolean> {
  const sent = await sha256Bytes(key)
  const digests = await Promise.all(keys.map(sha256Bytes))
  return digests.map((digest) => equalDigests(digest, sent)).includes(true)
}
