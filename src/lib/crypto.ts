/** WebCrypto with the algorithms and parameters of this project. No clock, no network. */

import { concat } from './bytes'
import { base64url, parseUtf8, utf8 } from './encoding'

/** AES-GCM's standard nonce, in bytes. */
const NONCE_LENGTH = 12

/** Random bytes from the platform's CSPRNG. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length))
}

/** SHA-256 of a text's UTF-8, as base64url: 43 characters. */
export async function sha256(text: string): Promise<string> {
  return base64url(await sha256Bytes(text))
}

/** SHA-256 of a text's UTF-8: 32 bytes. */
export async function sha256Bytes(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)))
}

/** SHA-1 of a text's UTF-8: 20 bytes. Only for signatures that are defined with SHA-1. */
export async function sha1(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-1', utf8(text)))
}

/** HMAC-SHA256 of a text under a key, both as UTF-8: 32 bytes. */
export async function hmacSha256(key: string, text: string): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const hmacKey = await crypto.subtle.importKey('raw', utf8(key), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', hmacKey, utf8(text)))
}

/** Compares two digests of the same length in constant time. */
export function equalDigests(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && crypto.subtle.timingSafeEqual(a, b)
}

/** An AES-256-GCM key from its 32 bytes. */
export function importSealingKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/**
 * An AES-256-GCM key derived from a secret.
 *
 * @param secret At least 128 bits of entropy.
 * @param info HKDF's: keeps keys of different uses apart.
 * @see https://www.rfc-editor.org/rfc/rfc5869
 */
export async function deriveSealingKey(
  secret: Uint8Array<ArrayBuffer>,
  info: string,
): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(info) }
  return importSealingKey(new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, 256)))
}

interface SealOptions {
  readonly key: CryptoKey
  /** AES-GCM's: the place the sealed bytes belong to; they open nowhere else. */
  readonly additionalData: string
}

/** Encrypts with AES-256-GCM under a fresh random nonce: nonce, ciphertext, tag. */
export async function seal(
  plaintext: string,
  { key, additionalData }: SealOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = randomBytes(NONCE_LENGTH)
  const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(additionalData) }
  const sealed = await crypto.subtle.encrypt(algorithm, key, utf8(plaintext))
  return concat([iv, new Uint8Array(sealed)])
}

/** Opens what {@link seal} made; `null` under any other options, or for altered bytes. */
export async function unseal(
  sealed: Uint8Array<ArrayBuffer>,
  { key, additionalData }: SealOptions,
): Promise<string | null> {
  const iv = sealed.subarray(0, NONCE_LENGTH)
  const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(additionalData) }
  try {
    const plaintext = await crypto.subtle.decrypt(algorithm, key, sealed.subarray(NONCE_LENGTH))
    return parseUtf8(new Uint8Array(plaintext))
  } catch {
    return null
  }
}
