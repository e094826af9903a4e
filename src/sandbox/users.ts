/** The people of the sandbox: their ids, their session_keys, the codes they hold. */

import { sha256 } from '../lib/crypto'

export interface SandboxUser {
  readonly appid: string
  readonly openid: string
  unionid: string | null
  readonly phone: { phoneNumber: string; purePhoneNumber: string; countryCode: string }
  session_key: string
  /** How many subscribe messages the user has allowed. */
  messagesAllowed: number
  /** The subscribe messages that came, as WeChat got them. */
  readonly messages: object[]
}

type Kind = 'login' | 'phone'

interface Code {
  readonly kind: Kind
  readonly user: SandboxUser
  readonly issuedAt: number
  used: boolean
}

export type Users = ReturnType<typeof createUsers>

const CODE_LIFETIME_SECONDS = 300
/** Older codes are forgotten, so that a long session of work does not fill the memory. */
const MOST_CODES = 10_000

export function createUsers({ now }: { now: () => number }) {
  const users = new Map<string, SandboxUser>()
  const codes = new Map<string, Code>()

  /** A user by any name; the same name is the same openid, also after a restart. A unionid can come
   * later, as it does when a mini program is bound to an Open Platform account. */
  async function named(
    appid: string,
    name: string,
    options: { unionid?: boolean } = {},
  ): Promise<SandboxUser> {
    const openid = `o${await shortHash(`${appid} ${name}`)}`
    const unionid = options.unionid === false ? null : `oU${await shortHash(name)}`
    const known = users.get(openid)
    if (known) {
      if (options.unionid !== undefined) known.unionid = unionid
      return known
    }
    const number = '13580006666'
    const user = {
      appid,
      openid,
      unionid,
      phone: { phoneNumber: number, purePhoneNumber: number, countryCode: '86' },
      session_key: newSessionKey(),
      messagesAllowed: 0,
      messages: [],
    }
    users.set(openid, user)
    return user
  }

  function newCode(user: SandboxUser, kind: Kind): string {
    const code = `0${randomText(31)}`
    codes.set(code, { kind, user, issuedAt: now(), used: false })
    const oldest = codes.keys().next().value
    if (codes.size > MOST_CODES && oldest) codes.delete(oldest)
    return code
  }

  /** The user a code stands for. One kind of code is unknown to the other kind's API. */
  function spend(
    text: string,
    { kind, appid }: { kind: Kind; appid: unknown },
  ): SandboxUser | 'unknown' | 'used' {
    const code = codes.get(text)
    if (!code || code.kind !== kind || code.user.appid !== appid) return 'unknown'
    if (now() - code.issuedAt > CODE_LIFETIME_SECONDS) return 'unknown'
    if (code.used) return 'used'
    code.used = true
    return code.user
  }

  function byOpenid(appid: string, openid: string): SandboxUser | null {
    const user = users.get(openid)
    return user?.appid === appid ? user : null
  }

  function rotate(user: SandboxUser): void {
    user.session_key = newSessionKey()
  }

  return { named, newCode, spend, byOpenid, rotate }
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
