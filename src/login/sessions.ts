/**
 * Sessions in Workers KV. This header is the storage schema.
 *
 *     token     <userId>.<secret>
 *               userId  base64url(SHA-256(appid ":" openid)), 43 characters, public
 *               secret  base64url of 48 random bytes, 64 characters: the record's name and its key
 *     key       session:<userId>:<id>
 *               id      base64url of the secret's first 16 bytes, 22 characters; names the session
 *                       in the API, and is not secret
 *     value     one byte of version, 1, and then AES-256-GCM (nonce, ciphertext, tag) under the
 *               secret's last 32 bytes, with the KV key as additional data, of the JSON
 *                 { appid, openid, unionid, session_key, previous, claims, createdAt, expiresAt }
 *               previous  null, or { session_key, until }: the key before this login's
 *               claims    null, or what HOOKS.onLogin said of the user
 *     metadata  { createdAt, expiresAt, userAgent }: what a list of devices shows; not encrypted
 *     times     Unix seconds
 *
 * A token carries its owner's key prefix, so one get authenticates a request and one prefix list
 * finds all of a person's sessions. There is no index to keep in step. A record is written once and
 * never rewritten, and no location has read its key before: no cached miss hides a new session.
 *
 * The token is the key. Opening the record is the authentication: a check is one get, one key
 * import and one decryption. The only comparison is that of GCM's tag, in WebCrypto.
 *
 * - A dump of KV opens nothing. Each record has a key of its own, which only its token holds. Name
 *   and key are independent random bytes, so the name in KV and in lists tells nothing of the key.
 *   With a token, a dump opens that token's record, even if the session has ended since.
 * - Whoever can write KV can forge sessions: choose a token, and seal a record for it. They can also
 *   delete records, restore deleted ones, and change what lists show. Without its token, they cannot
 *   read a record, alter it, or make another one that its token opens.
 * - The KV key is additional data, so a record does not open under another userId or another name.
 * - GCM does not commit to its key: whoever knows two keys can make one value that opens under both.
 *   They must be able to write KV to use it, and then they can forge sessions anyway. Such values
 *   also speed up guessing a key, but these keys have 256 random bits.
 * - Each key encrypts one text, since a reset makes a new token. The nonce is random all the same.
 *   Should a later version rewrite records, a key may encrypt 2^32 times (NIST SP 800-38D, 8.3).
 *
 * KV is eventually consistent: other locations can read a deleted record from their cache for
 * about a minute, so a session that was ended can be accepted elsewhere for that long. Lists lag
 * likewise: ending all of a person's sessions misses one that another location has created within
 * the last minute. `expiresAt` is checked on every read; KV's own expiry only frees the space.
 *
 * A change under which old records do not open signs every user out: treat it as a breaking change.
 * A new format therefore gets a new version. One release reads it, and the next one writes it, so
 * that a rollback or a gradual deployment signs nobody out. The byte itself is not authenticated:
 * each later version must authenticate its number, for instance in the additional data.
 *
 * An unknown version is `session_invalid`: the phone then logs in again by itself, whereas
 * `store_unavailable` would keep the user out until the record expires. Lists show such a session
 * and can end it, since they need only the KV key and the metadata.
 */

import { Problem } from '../core/problem'
import { sha256 } from '../lib/crypto'
import { listKeys, SHORTEST_CACHE_SECONDS, SHORTEST_TTL_SECONDS, toKVErrorMessage } from '../lib/kv'
import type { Context } from './context'
import type { Claims } from './hooks'
import { findMiniProgram, type LookupContext } from './mini-program-lookup'
import {
  createToken,
  isSessionId,
  keyPrefix,
  openRecord,
  parseSummary,
  parseToken,
  recordKey,
  type SessionSummary,
  sealRecord,
  toUserAgent,
} from './session-record'
import type { WeChatUser } from './wechat/code2session'

/** A live session. Times are Unix seconds. It never leaves the server as a whole. */
export interface Session extends WeChatUser, SessionSummary {
  readonly userId: string
  /** The session_key before a login rotated it, and the Unix time until which it is tried. */
  readonly previous: { readonly session_key: string; readonly until: number } | null
  /** What the login hook said of the user. */
  readonly claims: Claims | null
}

/** What names a session in KV. */
interface SessionId {
  readonly userId: string
  readonly id: string
}

/** A new session with its token, which only the mini program keeps. */
export interface Login {
  readonly token: string
  readonly session: Session
  /** Seconds from now on. */
  readonly expiresIn: number
}

/** How long data fetched just before a wx.login can be opened after it, in seconds. */
const PREVIOUS_KEY_SECONDS = 600

const ENDED_AT_ONCE = 50

/** A person's public id in one mini program. It is stable: a unionid can appear later, so it has no part in it. */
export function toUserId({ appid, openid }: { appid: string; openid: string }): Promise<string> {
  return sha256(`${appid}:${openid}`)
}

/** What a new session holds besides its user. */
export interface SessionOptions {
  readonly userAgent: string | null
  /**
   * The session that this one replaces, if any. If it is the same person's and WeChat has rotated
   * the key since, the new session keeps the old key for 10 minutes.
   */
  readonly replaced: Session | null
  readonly claims: Claims | null
  /** Unix seconds; by default from now on, for the configured lifetime. */
  readonly lifetime?: { readonly createdAt: number; readonly expiresAt: number }
}

/**
 * Stores a new session and ends the one that it replaces, if any. If that one cannot be ended, the
 * new one is not left behind either: nobody would hold its token.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function replaceSession(
  context: Context,
  user: WeChatUser,
  options: SessionOptions,
): Promise<Login> {
  const login = await createSession(context, user, options)
  if (!options.replaced) return login
  try {
    await endSession(context, options.replaced)
    return login
  } catch (error) {
    await endSession(context, login.session)
    throw error
  }
}

/** Stores a new session: one KV write. */
async function createSession(
  { config, runtime }: Context,
  user: WeChatUser,
  options: SessionOptions,
): Promise<Login> {
  const { replaced, claims } = options
  const now = runtime.now()
  const userId = await toUserId(user)
  const { token, ...parts } = createToken(userId)
  const lifetime = options.lifetime ?? { createdAt: now, expiresAt: now + config.sessionTtl }
  const { appid, openid, unionid, session_key } = user
  const previous = replaced?.userId === userId ? toPreviousKey(replaced, session_key, now) : null
  const record = { appid, openid, unionid, session_key, previous, claims, ...lifetime }
  const metadata = { ...lifetime, userAgent: toUserAgent(options.userAgent) }
  const sealed = await sealRecord(record, parts)
  const expiresIn = lifetime.expiresAt - now
  const expirationTtl = Math.max(SHORTEST_TTL_SECONDS, expiresIn)
  await inStore(() => config.sessions.put(recordKey(parts), sealed, { expirationTtl, metadata }))
  return { token, session: { ...record, ...metadata, id: parts.id, userId }, expiresIn }
}

function toPreviousKey(replaced: Session, session_key: string, now: number): Session['previous'] {
  // Key unchanged: keep the previous key's remaining window.
  if (replaced.session_key === session_key) return replaced.previous
  return { session_key: replaced.session_key, until: now + PREVIOUS_KEY_SECONDS }
}

/**
 * The live session of a token: one KV read, none for a malformed token.
 *
 * @returns `null` for a token that is unknown, malformed, expired or revoked
 * @throws {Problem} `store_unavailable`, `hook_unavailable`, `misconfigured` when that cannot be
 * found out
 */
export async function findSession(context: LookupContext, token: string): Promise<Session | null> {
  const session = await openSession(context, token)
  return session && (await findMiniProgram(context, session.appid)) ? session : null
}

/**
 * The session of a token, whether or not its mini program is ours at the moment: enough to end
 * sessions, and for nothing else. It costs what {@link findSession} costs.
 *
 * @returns `null` for a token that is unknown, malformed, expired or revoked
 * @throws {Problem} `store_unavailable`
 */
export async function openSession(context: Context, token: string): Promise<Session | null> {
  const parts = parseToken(token)
  if (!parts) return null
  const { value, metadata } = await readRecord(context, recordKey(parts))
  const record = value && (await openRecord(value, parts))
  if (!record || context.runtime.now() >= record.expiresAt) return null
  const { userId, id } = parts
  return { ...record, id, userId, userAgent: parseSummary(id, metadata)?.userAgent ?? null }
}

/**
 * All live sessions of the person whose session this is, newest first: one KV list per 1,000.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function listSessions(context: Context, session: Session): Promise<SessionSummary[]> {
  // A list lags behind a login, but the session that asks exists.
  const sessions = new Map<string, SessionSummary>([[session.id, session]])
  for (const { id, metadata } of await listRecords(context, session.userId)) {
    const summary = parseSummary(id, metadata)
    if (summary && context.runtime.now() < summary.expiresAt) sessions.set(id, summary)
  }
  return [...sessions.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

/**
 * Ends a session: one KV delete. Ending one that has already ended is no error.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function endSession({ config }: Context, session: SessionId): Promise<void> {
  await inStore(() => config.sessions.delete(recordKey(session)))
}

/**
 * A live session by the id that a list shows: one KV read.
 *
 * @returns `null` if this person has no such session
 * @throws {Problem} `store_unavailable`
 */
export async function findSessionById(
  context: Context,
  { userId, id }: SessionId,
): Promise<SessionSummary | null> {
  if (!isSessionId(id)) return null
  const { metadata } = await readRecord(context, recordKey({ userId, id }))
  const summary = parseSummary(id, metadata)
  return summary && context.runtime.now() < summary.expiresAt ? summary : null
}

/**
 * Ends a session by the id that a list shows: one KV read and one delete.
 *
 * @returns `false` if this person has no such session
 * @throws {Problem} `store_unavailable`
 */
export async function endSessionById(context: Context, session: SessionId): Promise<boolean> {
  if (!(await findSessionById(context, session))) return false
  await endSession(context, session)
  return true
}

/**
 * Ends all of a person's sessions, in batches. An invocation has 1,000 KV operations; if they run
 * out, the sessions ended so far stay ended, and repeating the call ends the rest.
 *
 * @param lastId The session that asks, if one does. It ends after all others, even if the list does
 * not show it yet, so that it can repeat the call if KV fails in between.
 * @throws {Problem} `store_unavailable`, also where sessions are left
 */
export async function endAllSessions(
  context: Context,
  { userId, lastId }: { userId: string; lastId?: string },
): Promise<void> {
  const ids = (await listRecords(context, userId)).map(({ id }) => id)
  const others = ids.filter((id) => id !== lastId)
  const count = others.length
  while (others.length > 0) {
    const some = others.slice(0, ENDED_AT_ONCE)
    const ended = Promise.all(some.map((id) => endSession(context, { userId, id })))
    await ended.catch((error) => {
      const detail = `${count - others.length} sessions have ended, and others are left. Repeat the request.`
      throw error instanceof Problem ? error.with({ detail }) : error
    })
    others.splice(0, some.length)
  }
  if (lastId !== undefined) await endSession(context, { userId, id: lastId })
}

function readRecord({ config }: Context, key: string) {
  const options = { type: 'arrayBuffer', cacheTtl: SHORTEST_CACHE_SECONDS } as const
  return inStore(() => config.sessions.getWithMetadata(key, options))
}

function listRecords({ config }: Context, userId: string) {
  const prefix = keyPrefix(userId)
  const keys = () => listKeys(config.sessions, prefix)
  return inStore(() =>
    Array.fromAsync(keys(), ({ name, metadata }) => ({ id: name.slice(prefix.length), metadata })),
  )
}

/** An outage must not look like an unknown user: any failure of KV becomes `store_unavailable`. */
async function inStore<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw new Problem('store_unavailable', { log: { reason: toKVErrorMessage(error) } })
  }
}
