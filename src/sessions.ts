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
 *                 { appid, openid, unionid, session_key, previous, createdAt, expiresAt }
 *               previous  null, or { session_key, until }: the key before this login's
 *     metadata  { createdAt, expiresAt, userAgent }: what a list of devices shows
 *     times     Unix seconds
 *
 *     key       access_token:<appid>
 *     value     sealed likewise under HKDF-SHA256(AppSecret): { access_token, expiresAt }
 *
 * A token carries its owner's key prefix, so one get authenticates and one prefix list finds all
 * of a person's sessions; there is no index to keep in step. What KV holds opens with the token
 * only, which KV does not hold.
 *
 * A record is written once and never rewritten. That keeps a login at one write, an authenticated
 * request at one read, and every write on a key that no location has read before, so a new session
 * is never hidden by a cached miss.
 *
 * What KV does not promise: a deleted record can be read for about a minute more in locations that
 * have it cached. So a session that was ended can be honoured elsewhere for about a minute. Lists lag
 * likewise, so ending all of a person's sessions misses one that another location began within the
 * last minute or so: that one lives on, until all are ended again. `expiresAt` is checked on every read, and KV's own expiry only clears away.
 *
 * A change that old records do not open under signs every user out: treat it as a breaking change.
 */

import type { Config } from './config'
import { randomBytes, seal, sha256, unseal } from './lib/crypto'
import { base64url, isObject } from './lib/encoding'
import { Problem } from './problem'
import type { WeChatUser } from './wechat/code2session'

/** What a device list shows of a session. Times are Unix seconds. */
export interface SessionSummary {
  readonly id: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly userAgent: string | null
}

/** A live session. Times are Unix seconds. Stays on the server. */
export interface Session extends WeChatUser, SessionSummary {
  readonly userId: string
  readonly previous: PreviousKey | null
}

/** The session_key before a login rotated it, and until when it is still tried. */
interface PreviousKey {
  readonly session_key: string
  readonly until: number
}

/** Data fetched just before a wx.login opens for this long after it, in seconds. */
const PREVIOUS_KEY_SECONDS = 600

/** KV takes 1,024 bytes of metadata; this many characters fit, three bytes each, or two escaped. */
const USER_AGENT_LENGTH = 256

/** How many sessions are ended side by side. */
const ENDED_AT_ONCE = 50

const TOKEN = /^([\w-]{43})\.[\w-]{43}$/
const SESSION_ID = /^[\w-]{43}$/
const SEAL_INFO = 'code2session session'

/** A person's public id: stable, one per mini program, and not from unionid, which can come later. */
export function userIdOf({ appid, openid }: { appid: string; openid: string }): Promise<string> {
  return sha256(`${appid}:${openid}`)
}

/**
 * Stores a new session: one KV write.
 *
 * @param replaced The session this login carried, if any. If it is the same person's and WeChat has
 * rotated the key since, the new session keeps the old key for 10 minutes.
 * @throws {Problem} `store_unavailable`
 */
export async function createSession(
  config: Config,
  user: WeChatUser,
  options: { userAgent: string | null; replaced: Session | null; now: number },
): Promise<{ token: string; session: Session }> {
  const { now, replaced } = options
  const userId = await userIdOf(user)
  const token = `${userId}.${base64url(randomBytes(32))}`
  const summary = {
    createdAt: now,
    expiresAt: now + config.sessionTtl,
    userAgent: userAgentOf(options.userAgent),
  }
  const session = {
    ...user,
    ...summary,
    id: await sha256(token),
    userId,
    previous: replaced?.userId === userId ? previousKey(replaced, user.session_key, now) : null,
  }
  const { appid, openid, unionid, session_key, previous, createdAt, expiresAt } = session
  const record = { appid, openid, unionid, session_key, previous, createdAt, expiresAt }
  const key = keyOf(session)
  const sealed = await seal(JSON.stringify(record), {
    secret: token,
    info: SEAL_INFO,
    additionalData: key,
  })
  await stored(() =>
    config.sessions.put(key, sealed, { expirationTtl: config.sessionTtl, metadata: summary }),
  )
  return { token, session }
}

/** Control characters would take six bytes each; no honest User-Agent has one. */
function userAgentOf(header: string | null): string | null {
  return header?.replace(/\p{Cc}/gu, '').slice(0, USER_AGENT_LENGTH) ?? null
}

function previousKey(replaced: Session, session_key: string, now: number): PreviousKey | null {
  // The same key again: what was open before this login stays open for as long as it was.
  if (replaced.session_key === session_key) return replaced.previous
  return { session_key: replaced.session_key, until: now + PREVIOUS_KEY_SECONDS }
}

/** The keys that data of this session may be under, most likely first. */
export function sessionKeys(session: Session, now: number): readonly string[] {
  const { session_key, previous } = session
  return previous && now < previous.until ? [session_key, previous.session_key] : [session_key]
}

/**
 * The live session of a token: one KV read, none for a malformed token.
 *
 * @returns `null` for a token that is unknown, malformed, expired or revoked
 * @throws {Problem} `store_unavailable` when that cannot be found out
 */
export async function findSession(
  config: Config,
  token: string,
  now: number,
): Promise<Session | null> {
  const userId = TOKEN.exec(token)?.[1]
  if (!userId) return null
  const id = await sha256(token)
  const key = keyOf({ userId, id })
  const { value, metadata } = await stored(() =>
    config.sessions.getWithMetadata(key, 'arrayBuffer'),
  )
  if (!value) return null
  const plaintext = await unseal(value, { secret: token, info: SEAL_INFO, additionalData: key })
  if (plaintext === null) return null
  const record = JSON.parse(plaintext) as Omit<Session, 'id' | 'userId' | 'userAgent'>
  if (!config.apps.has(record.appid) || now >= record.expiresAt) return null
  return { ...record, id, userId, userAgent: summaryOf(id, metadata)?.userAgent ?? null }
}

/**
 * All of a person's live sessions, newest first: one KV list per 1,000.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function listSessions(
  config: Config,
  { userId, now }: { userId: string; now: number },
): Promise<SessionSummary[]> {
  const sessions: SessionSummary[] = []
  for await (const { id, metadata } of sessionNames(config, userId)) {
    const summary = summaryOf(id, metadata)
    if (summary && now < summary.expiresAt) sessions.push(summary)
  }
  return sessions.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
}

/**
 * Ends one session: one KV delete. Ending one that has ended already is no error.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function endSession(
  config: Config,
  session: { userId: string; id: string },
): Promise<void> {
  await stored(() => config.sessions.delete(keyOf(session)))
}

/**
 * Ends a session by the id that a list showed: one KV read and one delete.
 *
 * @returns `false` if this person has no such session
 * @throws {Problem} `store_unavailable`
 */
export async function endSessionById(
  config: Config,
  { userId, id, now }: { userId: string; id: string; now: number },
): Promise<boolean> {
  if (!SESSION_ID.test(id)) return false
  const key = keyOf({ userId, id })
  const { metadata } = await stored(() => config.sessions.getWithMetadata(key, 'arrayBuffer'))
  const summary = summaryOf(id, metadata)
  if (!summary || now >= summary.expiresAt) return false
  await endSession(config, { userId, id })
  return true
}

/**
 * Ends all of a person's sessions, some at a time: an invocation has 1,000 KV operations, and what
 * was ended before they run out stays ended, so asking again comes to an end.
 *
 * @param lastId A session to end after all others, and even if the list does not show it yet: the
 * one that asks, if one does, so that it can ask again if KV fails on the way.
 * @throws {Problem} `store_unavailable`, also where sessions are left
 */
export async function endAllSessions(
  config: Config,
  { userId, lastId }: { userId: string; lastId?: string },
): Promise<void> {
  const others: string[] = []
  for await (const { id } of sessionNames(config, userId)) {
    if (id !== lastId) others.push(id)
  }
  const count = others.length
  while (others.length > 0) {
    const some = others.slice(0, ENDED_AT_ONCE)
    const ended = Promise.all(some.map((id) => endSession(config, { userId, id })))
    await ended.catch((error) => {
      const detail = `${count - others.length} sessions have ended, and some are left. Ask again.`
      throw error instanceof Problem ? new Problem(error.code, { ...error.options, detail }) : error
    })
    others.splice(0, some.length)
  }
  if (lastId !== undefined) await endSession(config, { userId, id: lastId })
}

function keyOf({ userId, id }: { userId: string; id: string }): string {
  return `${prefixOf(userId)}${id}`
}

function prefixOf(userId: string): string {
  return `session:${userId}:`
}

/** A page may be empty and yet not the last, so only `list_complete` ends the walk. */
async function* sessionNames(config: Config, userId: string) {
  const prefix = prefixOf(userId)
  let cursor: string | null = null
  do {
    const page: KVNamespaceListResult<unknown> = await stored(() =>
      config.sessions.list({ prefix, cursor }),
    )
    for (const { name, metadata } of page.keys) yield { id: name.slice(prefix.length), metadata }
    cursor = page.list_complete ? null : page.cursor
  } while (cursor !== null)
}

function summaryOf(id: string, metadata: unknown): SessionSummary | null {
  if (!isObject(metadata)) return null
  const { createdAt, expiresAt, userAgent } = metadata
  if (typeof createdAt !== 'number' || typeof expiresAt !== 'number') return null
  return { id, createdAt, expiresAt, userAgent: typeof userAgent === 'string' ? userAgent : null }
}

/** An outage is never an unknown user: whatever KV throws becomes `store_unavailable`. */
async function stored<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    // KV's messages name the operation and the status, and no key or value.
    const reason = error instanceof Error ? error.message.slice(0, 100) : 'KV failed'
    throw new Problem('store_unavailable', { log: { reason } })
  }
}
