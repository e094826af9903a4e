/** How sessions and logins look from outside: ISO 8601 times, and never a session_key. */

import { base64url, utf8 } from '../../lib/encoding'
import type { Claims } from '../hooks'
import type { Jwt } from '../jwt'
import type { SessionSummary } from '../session-record'
import type { Login, Session } from '../sessions'
import type { TokenSession, VerifiedToken } from '../verify-token'
import type { OpenData } from '../wechat/open-data'

/** Unix seconds as ISO 8601 in UTC. */
function toIsoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

/** What the mini program gets for a login. */
export function toLoginView({ token, session: { userId, expiresAt }, expiresIn }: Login) {
  return { token, tokenType: 'Bearer', expiresIn, expiresAt: toIsoTime(expiresAt), userId }
}

/** A JWT access token for the mini program. */
export function toJwtView({ accessToken, expiresIn, expiresAt }: Jwt) {
  return { accessToken, tokenType: 'Bearer', expiresIn, expiresAt: toIsoTime(expiresAt) }
}

/** What the mini program may know of its own session. */
export function toOwnSessionView({ userId, appid, createdAt, expiresAt }: Session) {
  return { userId, appid, createdAt: toIsoTime(createdAt), expiresAt: toIsoTime(expiresAt) }
}

/** One entry of a list of devices. */
export function toSessionView(
  { id, createdAt, expiresAt, userAgent }: SessionSummary,
  currentId: string,
) {
  const times = { createdAt: toIsoTime(createdAt), expiresAt: toIsoTime(expiresAt) }
  return { id, ...times, userAgent, current: id === currentId }
}

/** Opened data, and the time of its watermark. */
export function toDecryptedView({ data, timestamp }: OpenData) {
  return { data, timestamp: toIsoTime(timestamp) }
}

/**
 * Who is calling, for the developer's own services.
 *
 * @example
 * app.get('/me', requireSession(), (c) => c.json({ you: c.var.session.userId }))
 */
export interface VerifiedSession {
  readonly userId: string
  readonly appid: string
  readonly openid: string
  /** Absent where the mini program is not bound to an Open Platform account. */
  readonly unionid?: string
  /** What the login hook said of the user; absent where it said nothing. */
  readonly claims?: Claims
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601. */
  readonly expiresAt: string
}

export function toVerifiedSession(session: TokenSession): VerifiedSession {
  const { userId, appid, openid, createdAt, expiresAt } = session
  const times = { createdAt: toIsoTime(createdAt), expiresAt: toIsoTime(expiresAt) }
  return { userId, appid, openid, ...toOptionalFields(session), ...times }
}

/** A live token as an introspection response (RFC 7662 section 2.2). */
export function toIntrospectionView({ session, iat, exp }: VerifiedToken) {
  const { userId, appid, openid } = session
  return {
    active: true,
    sub: userId,
    client_id: appid,
    openid,
    ...toOptionalFields(session),
    iat,
    exp,
    token_type: 'Bearer',
  }
}

/**
 * A live session in the headers of a response to a gateway. All of them are always there: an empty
 * one takes the place of one that the phone has sent.
 */
export function toUserHeaders({ userId, appid, openid, unionid, claims }: TokenSession) {
  return {
    'X-User-Id': userId,
    'X-Appid': appid,
    'X-Openid': toHeaderText(openid),
    'X-Unionid': toHeaderText(unionid ?? ''),
    'X-Claims': claims === null ? '' : base64url(utf8(JSON.stringify(claims))),
  }
}

/** A text with everything percent-encoded that is not visible ASCII, and `%` itself. */
function toHeaderText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/g, (found) =>
    encodeURIComponent(found.toWellFormed()),
  )
}

function toOptionalFields({ unionid, claims }: TokenSession) {
  return { ...(unionid !== null && { unionid }), ...(claims !== null && { claims }) }
}
