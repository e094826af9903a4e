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

/** Whether a token has the three parts of a JWT, which a session's token never has. */
export function isJwt(token: string): boolean {
  return token.split('.', 4).length === 3
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
  await checkAnyServiceKey(keys, key === null ? [] : [key])
}

/**
 * The password of HTTP Basic, as sent by curl and Spring, and form-decoded, as OAuth client
 * libraries encode it (RFC 6749 section 2.3.1); none without the scheme.
 */
export function parseBasicPasswords(authorization: string | undefined): readonly string[] {
  const encoded = /^Basic +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1]
  const credentials = parseUtf8(parseBase64(encoded ?? '') ?? new Uint8Array())
  if (encoded === undefined) return []
  const password = /:(.*)/s.exec(credentials ?? '')?.[1] ?? ''
  const decoded = new URLSearchParams(`p=${password.replaceAll('&', '%26')}`).get('p') ?? ''
  return [password, decoded]
}

/**
 * Admits a backend that has sent one of the service keys.
 *
 * @param candidates What it sent: several readings of one credential, or nothing
 * @throws {Problem} `service_key_required`, `service_key_invalid`
 */
export async function checkAnyServiceKey(
  keys: readonly string[],
  candidates: readonly string[],
): Promise<void> {
  if (candidates.length === 0) throw new Problem('service_key_required')
  const found = await Promise.all(candidates.map((candidate) => isServiceKey(keys, candidate)))
  if (!found.includes(true)) throw new Problem('service_key_invalid')
}

/**
 * Whether a key is one of these. It compares digests, so that key lengths do not show, and all of
 * them, so that timing does not tell which one matched.
 */
export async function isServiceKey(keys: readonly string[], key: string): Promise<boolean> {
  const sent = await sha256Bytes(key)
  const digests = await digestKeys(keys)
  return digests.map((digest) => equalDigests(digest, sent)).includes(true)
}

/** By the keys of a Worker's settings, which are parsed once. */
const knownDigests = new WeakMap<readonly string[], readonly Uint8Array[]>()

async function digestKeys(keys: readonly string[]): Promise<readonly Uint8Array[]> {
  const digests = knownDigests.get(keys) ?? (await Promise.all(keys.map(sha256Bytes)))
  knownDigests.set(keys, digests)
  return digests
}
