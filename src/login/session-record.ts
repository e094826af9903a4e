/** A session's token and the record that it opens. sessions.ts describes their formats, and why. */

import { concat } from '../lib/bytes'
import { importSealingKey, randomBytes, seal, unseal } from '../lib/crypto'
import { base64url, isObject, parseBase64url, parseJson } from '../lib/encoding'
import type { Claims } from './hooks'

/** What a token says. */
export interface TokenParts {
  readonly userId: string
  /** The record's name: base64url of 16 bytes, 22 characters. It is not secret. */
  readonly id: string
  /** The record's AES-256-GCM key: 32 bytes. Nothing but the token keeps it. */
  readonly key: Uint8Array<ArrayBuffer>
}

/** What a session knows of its user besides WeChat's keys. */
export interface UserIdentity {
  readonly openid: string
  readonly unionid: string | null
  readonly claims: Claims | null
}

/** What a record holds besides its version. Times are Unix seconds. */
export interface SessionRecord extends UserIdentity {
  readonly appid: string
  readonly session_key: string
  readonly previous: { readonly session_key: string; readonly until: number } | null
  readonly createdAt: number
  readonly expiresAt: number
}

/** What a list of devices shows of a session. Times are Unix seconds. */
export interface SessionSummary {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly userAgent: string | null
}

const NAME_BYTES = 16
const KEY_BYTES = 32

/** The first byte of a record. */
const VERSION = 1

/** 48 bytes are 64 characters with no bits left over, so that each token has one spelling. */
const TOKEN = /^([\w-]{43})\.([\w-]{64})$/

/** The form of a userId: the SHA-256 of AppID and openid in base64url. */
export const USER_ID = /^[\w-]{43}$/

/** 16 bytes are 22 characters, of which the last has four bits left over: zeros. */
export const SESSION_ID = /^[\w-]{21}[AQgw]$/

/** A new token of this person, with what it says. */
export function createToken(userId: string): TokenParts & { readonly token: string } {
  const secret = randomBytes(NAME_BYTES + KEY_BYTES)
  return { token: `${userId}.${base64url(secret)}`, ...toParts(userId, secret) }
}

/** What a token says; `null` if it is malformed. */
export function parseToken(token: string): TokenParts | null {
  const [, userId, secret] = TOKEN.exec(token) ?? []
  const bytes = parseBase64url(secret ?? '')
  return userId && bytes ? toParts(userId, bytes) : null
}

function toParts(userId: string, secret: Uint8Array<ArrayBuffer>): TokenParts {
  const id = base64url(secret.subarray(0, NAME_BYTES))
  return { userId, id, key: secret.subarray(NAME_BYTES) }
}

/** Whether a text can be a session's id. */
export function isSessionId(text: string): boolean {
  return SESSION_ID.test(text)
}

/** The KV key of a record. */
export function recordKey({ userId, id }: { userId: string; id: string }): string {
  return `${keyPrefix(userId)}${id}`
}

/** What the KV keys of all of a person's records begin with. */
export function keyPrefix(userId: string): string {
  return `session:${userId}:`
}

/** Seals a record under its token. */
export async function sealRecord(
  record: SessionRecord,
  parts: TokenParts,
): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = await seal(JSON.stringify(record), await toSealOptions(parts))
  return concat([Uint8Array.of(VERSION), sealed])
}

/** Opens a record; `null` if this token does not open it, or if its version is not known. */
export async function openRecord(
  value: ArrayBuffer,
  parts: TokenParts,
): Promise<SessionRecord | null> {
  const bytes = new Uint8Array(value)
  if (bytes[0] !== VERSION) return null
  const plaintext = await unseal(bytes.subarray(1), await toSealOptions(parts))
  const record = parseJson(plaintext)
  return isSessionRecord(record) ? record : null
}

// By hand: every request of a session comes through here.

function isSessionRecord(value: unknown): value is SessionRecord {
  if (!isObject(value) || !isUserIdentity(value)) return false
  const { appid, session_key, previous, createdAt, expiresAt } = value
  return (
    typeof appid === 'string' &&
    typeof session_key === 'string' &&
    (previous === null || isPreviousKey(previous)) &&
    typeof createdAt === 'number' &&
    typeof expiresAt === 'number'
  )
}

export function isUserIdentity(value: unknown): value is UserIdentity {
  if (!isObject(value)) return false
  const { openid, unionid, claims } = value
  return (
    typeof openid === 'string' &&
    (unionid === null || typeof unionid === 'string') &&
    (claims === null || isObject(claims))
  )
}

function isPreviousKey(value: unknown): boolean {
  if (!isObject(value)) return false
  return typeof value.session_key === 'string' && typeof value.until === 'number'
}

async function toSealOptions(parts: TokenParts) {
  return { key: await importSealingKey(parts.key), additionalData: recordKey(parts) }
}

/** KV takes 1,024 bytes of metadata; this many characters fit, even if JSON escapes each one. */
const USER_AGENT_LENGTH = 256

/** What a list shows of a record; `null` if its name or its metadata is not that of a session. */
export function parseSummary(id: string, metadata: unknown): SessionSummary | null {
  if (!isSessionId(id) || !isObject(metadata)) return null
  const { createdAt, expiresAt, userAgent } = metadata
  if (typeof createdAt !== 'number' || typeof expiresAt !== 'number') return null
  return { id, createdAt, expiresAt, userAgent: typeof userAgent === 'string' ? userAgent : null }
}

/** Printable ASCII: KV keeps metadata in a header, and a control character would take six bytes. */
export function toUserAgent(header: string | null): string | null {
  return header?.replace(/[^\x20-\x7e]/g, '').slice(0, USER_AGENT_LENGTH) ?? null
}
