/** Mini programs in D1, which add-mini-program.js writes there. The table is in migrations/. */

import type { MiniProgramAnswer } from 'code2session'

export interface MiniProgramsEnv {
  readonly DB: D1Database
  /** The key that opens the rows: base64 of 32 bytes. */
  readonly MINI_PROGRAMS_KEY?: string
}

/**
 * The credentials of a mini program; `null` if it is not in the table.
 *
 * @throws {Error} if they do not open, so that no session of it ends
 */
export async function findMiniProgram(
  { DB, MINI_PROGRAMS_KEY: key }: MiniProgramsEnv,
  appid: string,
): Promise<MiniProgramAnswer> {
  const select = DB.prepare('SELECT sealed FROM mini_programs WHERE appid = ?')
  const row = await select.bind(appid).first<{ sealed: string }>()
  if (!row) return null
  if (!key) throw new Error('MINI_PROGRAMS_KEY is missing')
  return JSON.parse(await open(row.sealed, { key, appid }))
}

async function open(sealed: string, { key, appid }: { key: string; appid: string }) {
  const bytes = Uint8Array.fromBase64(sealed)
  const additionalData = new TextEncoder().encode(appid)
  const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData }
  const imported = await crypto.subtle.importKey(
    'raw',
    Uint8Array.fromBase64(key),
    'AES-GCM',
    false,
    ['decrypt'],
  )
  const opened = await crypto.subtle.decrypt(algorithm, imported, bytes.subarray(12))
  return new TextDecoder().decode(opened)
}
