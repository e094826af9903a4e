/**
 * access_tokens in KV, which only save a call to WeChat: a failure of KV is logged, and the token
 * comes from WeChat.
 *
 *     key       access_token:<appid>
 *     value     AES-256-GCM (nonce, ciphertext, tag) under HKDF-SHA256(AppSecret), with the KV key as
 *               additional data, of the JSON { access_token, expiresAt }; expiresAt in Unix seconds
 */

import { deriveSealingKey, seal, unseal } from '../../lib/crypto'
import { isObject, parseJson, utf8 } from '../../lib/encoding'
import { SHORTEST_TTL_SECONDS, toKVErrorMessage } from '../../lib/kv'
import type { Context } from '../context'
import type { MiniProgram } from '../mini-programs'

export interface AccessToken {
  readonly access_token: string
  /** Unix seconds. */
  readonly expiresAt: number
}

const SEAL_INFO = 'code2session access_token'

/** The token in KV; `null` if there is none that opens. */
export async function loadToken(
  context: Context,
  miniProgram: MiniProgram,
): Promise<AccessToken | null> {
  try {
    const sealed = await context.config.sessions.get(tokenKey(miniProgram), 'arrayBuffer')
    if (!sealed) return null
    return parseToken(await unseal(new Uint8Array(sealed), await sealOptions(miniProgram)))
  } catch (error) {
    reportFailure(context, 'read', error)
    return null
  }
}

/** Puts a token into KV. */
export async function saveToken(
  context: Context,
  miniProgram: MiniProgram,
  token: AccessToken,
): Promise<void> {
  const expirationTtl = Math.max(SHORTEST_TTL_SECONDS, token.expiresAt - context.runtime.now())
  try {
    const sealed = await seal(JSON.stringify(token), await sealOptions(miniProgram))
    await context.config.sessions.put(tokenKey(miniProgram), sealed, { expirationTtl })
  } catch (error) {
    reportFailure(context, 'written', error)
  }
}

/** Removes the token from KV. */
export async function deleteToken(context: Context, miniProgram: MiniProgram): Promise<void> {
  try {
    await context.config.sessions.delete(tokenKey(miniProgram))
  } catch (error) {
    reportFailure(context, 'deleted', error)
  }
}

function reportFailure(
  { runtime }: Context,
  operation: 'read' | 'written' | 'deleted',
  error: unknown,
): void {
  runtime.log({
    level: 'warn',
    reason: `access_token not ${operation}: ${toKVErrorMessage(error)}`,
  })
}

function tokenKey({ appid }: MiniProgram): string {
  return `access_token:${appid}`
}

async function sealOptions(miniProgram: MiniProgram) {
  const key = await deriveSealingKey(utf8(miniProgram.appsecret), SEAL_INFO)
  return { key, additionalData: tokenKey(miniProgram) }
}

function parseToken(text: string | null): AccessToken | null {
  const value = parseJson(text)
  if (!isObject(value)) return null
  const { access_token, expiresAt } = value
  if (typeof access_token !== 'string' || typeof expiresAt !== 'number') return null
  return { access_token, expiresAt }
}
