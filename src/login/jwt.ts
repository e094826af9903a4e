/**
 * JWT access tokens (RFC 9068): what a backend verifies by itself, and this server as well.
 *
 *     header   { alg: "ES256", typ: "at+jwt", kid }
 *     payload  { iss, sub, aud, client_id, iat, exp, jti, sid, ctx }
 *              sub             the userId
 *              aud, client_id  the AppID
 *              sid             the session's id
 *              ctx             base64url of AES-256-GCM (nonce, ciphertext, tag) of the JSON
 *                                { openid, unionid, claims }
 *                              under a key derived from the signing key, with jti and sid as
 *                              additional data
 *
 * The phone can read everything but `ctx`, of which it sees the length: spaces hide whether there is a
 * unionid, and which role a claim names.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068
 * @see https://www.rfc-editor.org/rfc/rfc7515 (JWS)
 */

import * as v from 'valibot'
import { randomBytes, seal, unseal } from '../lib/crypto'
import { base64url, isObject, parseBase64url, parseJson, parseUtf8, utf8 } from '../lib/encoding'
import { type JwtIssuer, type SigningKey, toPart } from './jwt-issuer'
import { isUserIdentity, SESSION_ID, USER_ID, type UserIdentity } from './session-record'
import type { Session } from './sessions'

/** A token for the mini program. Times are Unix seconds. */
export interface Jwt {
  readonly accessToken: string
  readonly expiresAt: number
  /** Seconds from now on. */
  readonly expiresIn: number
}

/** What a token that this server has signed says. Times are Unix seconds. */
export type JwtContent = v.InferOutput<typeof Payload> & UserIdentity

const ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const

/** In characters. Our own have less than half of it, with the longest claims. */
const LONGEST = 8 * 1024

/** What `ctx` seals grows by so many bytes at a time. */
const PADDING_STEP = 128

const text = v.string()

const Payload = v.object({
  iss: text,
  sub: v.pipe(text, v.regex(USER_ID)),
  aud: text,
  client_id: text,
  iat: v.number(),
  exp: v.number(),
  jti: text,
  sid: v.pipe(text, v.regex(SESSION_ID)),
  ctx: text,
})

/**
 * Issues a token for a session. It does not outlive the session.
 *
 * @param now Unix seconds
 */
export async function issueJwt(
  { issuer, ttl, signer }: JwtIssuer,
  session: Session,
  now: number,
): Promise<Jwt> {
  const { userId, appid, openid, unionid, claims, id: sid } = session
  const exp = Math.min(now + ttl, session.expiresAt)
  const jti = base64url(randomBytes(16))
  const identity = JSON.stringify({ openid, unionid, claims })
  const padding = ' '.repeat(-utf8(identity).length & (PADDING_STEP - 1))
  const ctx = base64url(await seal(identity + padding, toSealOptions(signer.sealingKey, jti, sid)))
  const payload = {
    iss: issuer,
    sub: userId,
    aud: appid,
    client_id: appid,
    iat: now,
    exp,
    jti,
    sid,
    ctx,
  }
  const signed = `${signer.header}.${toPart(payload)}`
  const signature = await crypto.subtle.sign(ALGORITHM, signer.privateKey, utf8(signed))
  const accessToken = `${signed}.${base64url(new Uint8Array(signature))}`
  return { accessToken, expiresAt: exp, expiresIn: exp - now }
}

/**
 * What a token says, if it is one of ours and not over. Whether its mini program is one of ours, and
 * whether its session lives, is the caller's to find out.
 *
 * @param token Of three parts
 * @param now Unix seconds
 */
export async function openJwt(
  { issuer, keys }: JwtIssuer,
  token: string,
  now: number,
): Promise<JwtContent | null> {
  if (token.length > LONGEST) return null
  const [header = '', payload = '', signature = ''] = token.split('.')
  const key = findKey(keys, parsePart(header))
  const bytes = parseBase64url(signature)
  if (!key || !bytes) return null
  const signed = utf8(`${header}.${payload}`)
  if (!(await crypto.subtle.verify(ALGORITHM, key.publicKey, bytes, signed))) return null
  const { success, output } = v.safeParse(Payload, parsePart(payload))
  if (!success || output.iss !== issuer || output.aud !== output.client_id) return null
  if (now >= output.exp) return null
  const sealed = parseBase64url(output.ctx) ?? new Uint8Array()
  const plaintext = await unseal(sealed, toSealOptions(key.sealingKey, output.jti, output.sid))
  const identity = parseJson(plaintext)
  return isUserIdentity(identity) ? { ...output, ...identity } : null
}

/** The key that a header names; `null` for a header that none of ours has. */
function findKey(keys: JwtIssuer['keys'], header: unknown): SigningKey | null {
  // What crit lists must be understood (RFC 7515 section 4.1.11), and nothing is.
  if (!isObject(header) || header.crit !== undefined) return null
  const { alg, typ, kid } = header
  const isKnown = alg === 'ES256' && typ === 'at+jwt' && typeof kid === 'string'
  return isKnown ? (keys.get(kid) ?? null) : null
}

/** The JSON of a part; `undefined` if there is none. */
function parsePart(part: string): unknown {
  const bytes = parseBase64url(part)
  return bytes ? parseJson(parseUtf8(bytes)) : undefined
}

function toSealOptions(key: CryptoKey, jti: string, sid: string) {
  return { key, additionalData: `${jti}:${sid}` }
}
