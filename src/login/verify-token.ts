/** Whose token it is: for what takes a session's token and a JWT access token alike. */

import { isJwt } from '../core/credentials'
import { openJwt } from './jwt'
import type { JwtIssuer } from './jwt-issuer'
import { findMiniProgram, type LookupContext } from './mini-program-lookup'
import { findSession, findSessionById, type Session } from './sessions'

/** What both kinds of token tell of their session. */
export type TokenSession = Pick<
  Session,
  'userId' | 'appid' | 'openid' | 'unionid' | 'claims' | 'createdAt' | 'expiresAt'
>

/** A live token. Times are Unix seconds. */
export interface VerifiedToken {
  readonly session: TokenSession
  /** When the token began, which for a session's token is when the session did. */
  readonly iat: number
  /** When the token ends; likewise. */
  readonly exp: number
}

export interface VerifyContext extends LookupContext {
  /** What issues and verifies JWT access tokens. It throws where their endpoints fail. */
  readonly jwtIssuer: () => Promise<JwtIssuer>
}

/**
 * The live session of either kind of token: one KV read, none for a token that cannot have one.
 *
 * @returns `null` for a token that is unknown, malformed, expired or revoked
 * @throws {Problem} `store_unavailable`, `hook_unavailable`, `misconfigured` when that cannot be
 * found out
 */
export async function verifyToken(
  context: VerifyContext,
  token: string,
): Promise<VerifiedToken | null> {
  if (isJwt(token)) return verifyJwt(context, token)
  const session = await findSession(context, token)
  return session && { session, iat: session.createdAt, exp: session.expiresAt }
}

async function verifyJwt(context: VerifyContext, token: string): Promise<VerifiedToken | null> {
  // Wrong settings turn off JWT access tokens and nothing else; their own endpoints say so.
  const jwtIssuer = await context.jwtIssuer().catch(() => null)
  const content = jwtIssuer && (await openJwt(jwtIssuer, token, context.runtime.now()))
  if (!content || !(await findMiniProgram(context, content.aud))) return null
  const { sub: userId, aud: appid, openid, unionid, claims, iat, exp } = content
  const summary = await findSessionById(context, { userId, id: content.sid })
  return summary && { session: { ...summary, userId, appid, openid, unionid, claims }, iat, exp }
}
