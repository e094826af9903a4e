/** What issues JWT access tokens: the settings `ACCESS_TOKEN_KEY`, `ISSUER` and `ACCESS_TOKEN_TTL`. */

import * as v from 'valibot'
import { Problem } from '../core/problem'
import { object } from '../core/schemas'
import {
  endpointOff,
  type Group,
  isBaseUrl,
  isSet,
  misconfigured,
  optionalText,
  parseGroup,
  requireValue,
  seconds,
  text,
} from '../core/settings'
import { deriveSealingKey, sha256 } from '../lib/crypto'
import { base64url, isObject, utf8 } from '../lib/encoding'
import { readPrivateKeys } from '../lib/pem'

/** A key of `ACCESS_TOKEN_KEY`. */
export interface SigningKey {
  /** RFC 7638's thumbprint of the public key. */
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** What seals what a token says to us alone. It is derived from the private key. */
  readonly sealingKey: CryptoKey
  /** The public key as a JWK (RFC 7517). */
  readonly jwk: Jwk
  /** The first part of every token that it signs. */
  readonly header: string
}

/** Of a P-256 public key. */
export type Jwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'use' | 'alg', string>>

/** What issues and verifies tokens. */
export interface JwtIssuer {
  readonly issuer: string
  /** Lifetime of a token, in seconds. */
  readonly ttl: number
  /** The first key. */
  readonly signer: SigningKey
  /** All of them, by kid. */
  readonly keys: ReadonlyMap<string, SigningKey>
  /** Their public keys. */
  readonly jwks: readonly Jwk[]
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SEAL_INFO = 'code2session JWT access token'

/** The key of `npm run dev`, which stands in its configuration. */
const SANDBOX_KID = '9gMy0wg6yIqlMwdPYlL6Rnr8KLCPjrcS2cA2PiAU2yc'

export const Issuer = object({
  ISSUER: v.pipe(
    optionalText,
    v.check(
      (value) => value === null || (isBaseUrl(value) && !value.endsWith('/')),
      'must be an https URL without credentials, query or fragment, and without a slash at its end',
    ),
  ),
})

export const Signing = object({
  ACCESS_TOKEN_KEY: text,
  ACCESS_TOKEN_TTL: seconds({ min: 60, max: 900, default: 300 }),
})

/** The settings as they are before a key is imported. */
export interface JwtSettings {
  readonly issuer: Group<v.InferOutput<typeof Issuer>>
  /** `null` without `ACCESS_TOKEN_KEY`. */
  readonly jwt: Group<v.InferOutput<typeof Signing> | null>
  /** Whether the AppSecret is the sandbox's. */
  readonly isSandbox: boolean
}

export function parseJwtSettings(env: unknown): JwtSettings['jwt'] {
  const isOn = isObject(env) && isSet(env.ACCESS_TOKEN_KEY)
  return isOn ? parseGroup(Signing, env) : { value: null }
}

/**
 * Imports the keys of the settings, which takes time that a start does not have.
 *
 * @throws {Problem} `misconfigured`; `not_found`: without `ACCESS_TOKEN_KEY` there are no endpoints
 */
export async function importJwtIssuer(settings: JwtSettings): Promise<JwtIssuer> {
  const jwt = requireValue(settings.jwt)
  if (!jwt) throw endpointOff('ACCESS_TOKEN_KEY', new Problem('not_found'))
  const { ISSUER: issuer } = requireValue(settings.issuer)
  if (!issuer) throw misconfigured(['ISSUER is missing, which ACCESS_TOKEN_KEY needs'])
  const ders = readPrivateKeys(jwt.ACCESS_TOKEN_KEY)
  const keys = await Promise.all(ders.map(importSigningKey)).catch(() => [])
  const [signer] = keys
  if (!signer) throw misconfigured(['ACCESS_TOKEN_KEY must be P-256 private keys as PKCS#8 PEM'])
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  if (byKid.has(SANDBOX_KID) && !settings.isSandbox) {
    throw misconfigured(['ACCESS_TOKEN_KEY has the key of the sandbox, which is public'])
  }
  const jwks = keys.map(({ jwk }) => jwk)
  return { issuer, ttl: jwt.ACCESS_TOKEN_TTL, signer, keys: byKid, jwks }
}

async function importSigningKey(der: Uint8Array<ArrayBuffer> | null): Promise<SigningKey> {
  const both = await crypto.subtle.importKey('pkcs8', der ?? new Uint8Array(), P256, true, ['sign'])
  const { x, y, d } = (await crypto.subtle.exportKey('jwk', both)) as Required<JsonWebKey>
  // The order of the thumbprint.
  const point = { crv: 'P-256', kty: 'EC', x, y }
  const kid = await sha256(JSON.stringify(point))
  return {
    kid,
    privateKey: await crypto.subtle.importKey('jwk', { ...point, d }, P256, false, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', point, P256, false, ['verify']),
    sealingKey: await deriveSealingKey(
      Uint8Array.fromBase64(d, { alphabet: 'base64url' }),
      SEAL_INFO,
    ),
    jwk: { ...point, kid, use: 'sig', alg: 'ES256' },
    header: toPart({ alg: 'ES256', typ: 'at+jwt', kid }),
  }
}

/** A value as a part of a token. */
export function toPart(value: object): string {
  return base64url(utf8(JSON.stringify(value)))
}
