/** The people of the sandbox: their ids, their session_keys, the codes they hold. */

import { sha256 } from '../../src/crypto'

export interface SandboxUser {
  readonly openid: string
  readonly unionid: string | null
  session_key: string
}

interface Code {
  readonly user: SandboxUser
  readonly issuedAt: number
  used: boolean
}

export type Users = ReturnType<typeof createUsers>

const CODE_LIFETIME_SECONDS = 300
/** Older codes are forgotten, so that a long session of work does not fill the memory. */
const MOST_CODES = 10_000

export function createUsers({ appid, now }: { appid: string; now: () => number }) {
  const users = new Map<string, SandboxUser>()
  const codes = new Map<string, Code>()

  /** A user by any name; the same name is the same openid, also after a restart. */
  async function named(name: string, options: { unionid?: boolean } = {}): Promise<SandboxUser> {
    const known = users.get(name)
    if (known) return known
    const unionid = options.unionid === false ? null : `oU${await shortHash(name)}`
    const openid = `o${await shortHash(`${appid} ${name}`)}`
    const user = { openid, unionid, session_key: newSessionKey() }
    users.set(name, user)
    return user
  }

  function newCode(user: SandboxUser): string {
    const code = `0${randomText(31)}`
    codes.set(code, { user, issuedAt: now(), used: false })
    const oldest = codes.keys().next().value
    if (codes.size > MOST_CODES && oldest) codes.delete(oldest)
    return code
  }

  function spend(text: string): SandboxUser | 'unknown' | 'used' {
    const code = codes.get(text)
    if (!code || now() - code.issuedAt > CODE_LIFETIME_SECONDS) return 'unknown'
    if (code.used) return 'used'
    code.used = true
    return code.user
  }

  function rotate(user: SandboxUser): void {
    user.session_key = newSessionKey()
  }

  return { named, newCode, spend, rotate }
}

function newSessionKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
}

function randomText(length: number): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return Array.from(bytes, (byte) => alphabet.charAt(byte % alphabet.length)).join('')
}

async function shortHash(text: string): Promise<string> {
  return (await sha256(text)).slice(0, 27)
}
