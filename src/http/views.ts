/** How sessions and logins look from outside: ISO 8601 times, and never a session_key. */

import type { Login } from '../login'
import type { Session, SessionSummary } from '../sessions'

/** Unix seconds as ISO 8601 in UTC. */
export function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

/** What the mini program gets for a login. */
export function loginView({ token, session }: Login) {
  const { userId, createdAt, expiresAt } = session
  const expiresIn = expiresAt - createdAt
  return { token, tokenType: 'Bearer', expiresIn, expiresAt: iso(expiresAt), userId }
}

/** What the mini program may know of its own session. */
export function ownSessionView({ userId, appid, createdAt, expiresAt }: Session) {
  return { userId, appid, createdAt: iso(createdAt), expiresAt: iso(expiresAt) }
}

/** One line of a device list. */
export function sessionView(
  { id, createdAt, expiresAt, userAgent }: SessionSummary,
  currentId: string,
) {
  const times = { createdAt: iso(createdAt), expiresAt: iso(expiresAt) }
  return { id, ...times, userAgent, current: id === currentId }
}

/** Who is calling, for the developer's own services. */
export interface VerifiedSession {
  readonly userId: string
  readonly appid: string
  readonly openid: string
  /** Absent where the mini program is not bound to an Open Platform account. */
  readonly unionid?: string
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601. */
  readonly expiresAt: string
}

export function verifiedSession(session: Session): VerifiedSession {
  const { userId, appid, openid, unionid, createdAt, expiresAt } = session
  const times = { createdAt: iso(createdAt), expiresAt: iso(expiresAt) }
  return { userId, appid, openid, ...(unionid !== null && { unionid }), ...times }
}

/** A live token, as token introspection has it: RFC 7662 section 2.2. */
export function introspectionView(session: Session) {
  const { userId, appid, openid, unionid, createdAt, expiresAt } = session
  return {
    active: true,
    sub: userId,
    client_id: appid,
    openid,
    ...(unionid !== null && { unionid }),
    iat: createdAt,
    exp: expiresAt,
    token_type: 'Bearer',
  }
}
