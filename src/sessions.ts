/**
 * Sessions in Workers KV. This header is the storage schema.
 *
 *     token     <userId>.<secret>
 *               userId  base64url(SHA-256(appid ":" openid)), 43 characters, public
 *               secret  base64url of 32 random bytes, 43 characters
 *     key       session:<userId>:<id>
 *               id      base64url(SHA-256(token)), 43 characters, names the session in the API
 *     value     AES-256-GCM (nonce, ciphertext, tag) under HKDF-SHA256(token), with the key as
 *               additional data, of the JSON
 *                 { appid, openid, unionid, session_key, previous, claims, createdAt, expiresAt }
 *               previous  null, or { session_key, until }: the key before this login's
 *               claims    null, or what HOOKS.onLogin said of the user; absent in older records
 *     metadata  { createdAt, expiresAt, userAgent }: what a list of devices shows
 *     times     Unix seconds
 *
 *     key       access_token:<appid>
 *     value     sealed likewise under HKDF-SHA256(AppSecret): { access_token, expiresAt }
 *
 * A token carries its owner's key prefix, so one get authenticates a request and one prefix list
 * finds all of a person's sessions. There is no index to keep in step. A record opens only with
 * its token, which KV does not hold.
 *
 * A record is written once and never rewritten. So a login is one write and an authenticated
 * request is one read; and since no location has read the key before the write, a new session is
 * never hidden by a cached miss.
 *
 * KV is eventually consistent: other locations can read a deleted record from their cache for
 * about a minute, so a session that was ended can be accepted elsewhere for that long. Lists lag
 * likewise: ending all of a person's sessions misses one that another location has created within
 * the last minute. `expiresAt` is checked on every read; KV's own expiry only frees the space.
 *
 * A change under which old records do not open signs every user out: treat it as a breaking change.
 */

import * as v from 'valibot'
import type { Config } from './config'
import type { Claims } from './hooks'
import { deriveSealingKey, randomBytes, seal, sha256, unseal } from './lib/crypto'
import { base64url, isObject, parseJson } from './lib/encoding'
import { listKeys, SHORTEST_CACHE_SECONDS, SHORTEST_TTL_SECONDS, toKVErrorMessage } from './lib/kv'
import { Problem } from './problem'
import type { WeChatUser } from './wechat/code2session'

/** What a list of devices shows of a session. Times are Unix seconds. */
export interface SessionSummary {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly userAgent: string | null
}

/** A live session. Times are Unix seconds. It never leaves the server as a whole. */
export interface Session extends WeChatUser, SessionSummary {
  readonly userId: string
  /** The session_key before a login rotated it, and the Unix time until which it is tried. */
  readonly previous: { readonly session_key: string; readonly until: number } | null
  /** What the login hook said of the user. */
  readonly claims: Claims | null
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

/** KV takes 1,024 bytes of metadata; this many characters fit, even if JSON escapes each one. */
const USER_AGENT_LENGTH = 256

/** How many sessions are ended at the same time. */
const ENDED_AT_ONCE = 50

const TOKEN = /^([\w-]{43})\.[\w-]{43}$/
const SESSION_ID = /^[\w-]{43}$/
const SEAL_INFO = 'code2session session'

const SessionRecord = v.object({
  appid: v.string(),
  openid: v.string(),
  unionid: v.nullable(v.string()),
  session_key: v.string(),
  previous: v.nullable(v.object({ session_key: v.string(), until: v.number() })),
  claims: v.optional(v.nullable(v.custom<Claims>(isObject)), null),
  createdAt: v.number(),
  expiresAt: v.number(),
})

const SessionMetadata = v.object({
  createdAt: v.number(),
  expiresAt: v.number(),
  userAgent: v.fallback(v.nullable(v.string()), null),
})

/** A person's public id in one mini program. It is stable: a unionid can appear later, so it has no part in it. */
export function toUserId({ appid, openid }: { appid: string; openid: string }): Promise<string> {
  return sha256(`${appid}:${openid}`)
}

/**
 * Stores a new session: one KV write.
 *
 * @param replaced The session that this one replaces, if any. If it is the same person's and WeChat
 * has rotated the key since, the new session keeps the old key for 10 minutes.
 * @param lifetime `createdAt` and `expiresAt` in Unix seconds; by default from now on, for the
 * configured lifetime
 * @throws {Problem} `store_unavailable`
 */
export async function createSession(
  config: Config,
  user: WeChatUser,
  options: {
    userAgent: string | null
    replaced: Session | null
    claims: Claims | null
    now: number
    lifetime?: { createdAt: number; expiresAt: number }
  },
): Promise<Login> {
  const { now, replaced, claims } = options
  const userId = await toUserId(user)
  const token = `${userId}.${base64url(randomBytes(32))}`
  const lifetime = options.lifetime ?? { createdAt: now, expiresAt: now + config.sessionTtl }
  const { appid, openid, unionid, session_key } = user
  const previous = replaced?.userId === userId ? toPreviousKey(replaced, session_key, now) : null
  const record = { appid, openid, unionid, session_key, previous, claims, ...lifetime }
  const metadata = { ...lifetime, userAgent: toUserAgent(options.userAgent) }
  const session = { ...record, ...metadata, id: await sha256(token), userId }
  const key = recordKey(session)
  const sealed = await seal(JSON.stringify(record), await sealOptions(token, key))
  const expiresIn = lifetime.expiresAt - now
  const expirationTtl = Math.max(SHORTEST_TTL_SECONDS, expiresIn)
  await inStore(() => config.sessions.put(key, sealed, { expirationTtl, metadata }))
  return { token, session, expiresIn }
}

/** Printable ASCII: KV keeps metadata in a header, and a control character would take six bytes. */
function toUserAgent(header: string | null): string | null {
  return header?.replace(/[^\x20-\x7e]/g, '').slice(0, USER_AGENT_LENGTH) ?? null
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
 * @throws {Problem} `store_unavailable` when that cannot be found out
 */
export async function findSession(
  config: Config,
  { token, now }: { token: string; now: number },
): Promise<Session | null> {
  const userId = TOKEN.exec(token)?.[1]
  if (!userId) return null
  const id = await sha256(token)
  const key = recordKey({ userId, id })
  const { value, metadata } = await readRecord(config, key)
  if (!value) return null
  const plaintext = await unseal(new Uint8Array(value), await sealOptions(token, key))
  const { success, output: record } = v.safeParse(SessionRecord, parseJson(plaintext ?? ''))
  if (!success || !config.miniPrograms.has(record.appid) || now >= record.expiresAt) return null
  return { ...record, id, userId, userAgent: parseSummary(id, metadata)?.userAgent ?? null }
}

/**
 * All live sessions of the person whose session this is, newest first: one KV list per 1,000.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function listSessions(
  config: Config,
  { session, now }: { session: Session; now: number },
): Promise<SessionSummary[]> {
  // A list lags behind a login, but the session that asks exists.
  const sessions = new Map<string, SessionSummary>([[session.id, session]])
  for (const { id, metadata } of await listRecords(config, session.userId)) {
    const summary = parseSummary(id, metadata)
    if (summary && now < summary.expiresAt) sessions.set(id, summary)
  }
  return [...sessions.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

/**
 * Ends a session: one KV delete. Ending one that has already ended is no error.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function endSession(
  config: Config,
  session: { userId: string; id: string },
): Promise<void> {
  await inStore(() => config.sessions.delete(recordKey(session)))
}

/**
 * A live session by the id that a list shows: one KV read.
 *
 * @returns `null` if this person has no such session
 * @throws {Problem} `store_unavailable`
 */
export async function findSessionById(
  config: Config,
  { userId, id, now }: { userId: string; id: string; now: number },
): Promise<SessionSummary | null> {
  if (!SESSION_ID.test(id)) return null
  const { metadata } = await readRecord(config, recordKey({ userId, id }))
  const summary = parseSummary(id, metadata)
  return summary && now < summary.expiresAt ? summary : null
}

/**
 * Ends a session by the id that a list shows: one KV read and one delete.
 *
 * @returns `false` if this person has no such session
 * @throws {Problem} `store_unavailable`
 */
export async function endSessionById(
  config: Config,
  session: { userId: string; id: string; now: number },
): Promise<boolean> {
  if (!(await findSessionById(config, session))) return false
  await endSession(config, session)
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
  config: Config,
  { userId, lastId }: { userId: string; lastId?: string },
): Promise<void> {
  const ids = (await listRecords(config, userId)).map(({ id }) => id)
  const others = ids.filter((id) => id !== lastId)
  const count = others.length
  while (others.length > 0) {
    const some = others.slice(0, ENDED_AT_ONCE)
    const ended = Promise.all(some.map((id) => endSession(config, { userId, id })))
    await ended.catch((error) => {
      const detail = `${count - others.length} sessions have ended, and others are left. Repeat the request.`
      throw error instanceof Problem ? error.with({ detail }) : error
    })
    others.splice(0, some.length)
  }
  if (lastId !== undefined) await endSession(config, { userId, id: lastId })
}

function recordKey({ userId, id }: { userId: string; id: string }): string {
  return `${keyPrefix(userId)}${id}`
}

function keyPrefix(userId: string): string {
  return `session:${userId}:`
}

async function sealOptions(token: string, additionalData: string) {
  return { key: await deriveSealingKey(token, SEAL_INFO), additionalData }
}

function readRecord(config: Config, key: string) {
  const options = { type: 'arrayBuffer', cacheTtl: SHORTEST_CACHE_SECONDS } as const
  return inStore(() => config.sessions.getWithMetadata(key, options))
}

function listRecords(config: Config, userId: string) {
  const prefix = keyPrefix(userId)
  const keys = () => listKeys(config.sessions, prefix)
  return inStore(() =>
    Array.fromAsync(keys(), ({ name, metadata }) => ({ id: name.slice(prefix.length), metadata })),
  )
}

function parseSummary(id: string, metadata: unknown): SessionSummary | null {
  const { success, output } = v.safeParse(SessionMetadata, metadata)
  return success ? { id, ...output } : null
}

/** An outage must not look like an unknown user: any failure of KV becomes `store_unavailable`. */
async function inStore<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw new Problem('store_unavailable', { log: { reason: toKVErrorMessage(error) } })
  }
}
