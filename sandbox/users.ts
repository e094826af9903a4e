/** The users of the sandbox: their ids, session_keys and codes. */

import { sha256 } from '../src/lib/crypto'

export interface SandboxUser {
  readonly name: string
  readonly appid: string
  readonly openid: string
  unionid: string | null
  readonly phone: { phoneNumber: string; purePhoneNumber: string; countryCode: string }
  session_key: string
  /** How many more subscribe messages the user accepts. */
  messagesAllowed: number
  /** The subscribe messages sent to the user, as WeChat received them. */
  readonly messages: object[]
  /** The keys of wx.getUserCryptoManager, newest first. */
  readonly encryptionKeys: UserEncryptionKey[]
  /** Whether the sandbox's login hook denies the user. */
  isBlocked: boolean
}

interface UserEncryptionKey {
  readonly encrypt_key: string
  readonly iv: string
  readonly version: number
  readonly create_time: number
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
const ENCRYPTION_KEY_SECONDS = 3600
/** How many encryption keys WeChat lists. */
const LISTED_KEYS = 3
/** The user whom the login hook denies from the start. */
const BLOCKED_NAME = 'mallory'
/** The oldest codes are dropped beyond this number, to bound the memory. */
const MAX_CODES = 10_000

export function createUsers({ now }: { now: () => number }) {
  const users = new Map<string, SandboxUser>()
  const codes = new Map<string, Code>()

  /**
   * Returns the user with this name, who is created on first use. A name has the same openid after a
   * restart. A unionid can be added later, as it is when a mini program joins an Open Platform
   * account.
   */
  async function get(
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
    const user: SandboxUser = {
      name,
      appid,
      openid,
      unionid,
      phone: { phoneNumber: number, purePhoneNumber: number, countryCode: '86' },
      session_key: createKey(),
      messagesAllowed: 0,
      messages: [],
      encryptionKeys: [],
      isBlocked: name === BLOCKED_NAME,
    }
    users.set(openid, user)
    return user
  }

  function createCode(user: SandboxUser, kind: Kind): string {
    const code = `0${randomText(31)}`
    codes.set(code, { kind, user, issuedAt: now(), used: false })
    const oldest = codes.keys().next().value
    if (codes.size > MAX_CODES && oldest) codes.delete(oldest)
    return code
  }

  /** Uses up a code and returns its user. Each API knows codes of its own kind only. */
  function redeemCode(
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

  function findByOpenid(appid: string, openid: string): SandboxUser | null {
    const user = users.get(openid)
    return user?.appid === appid ? user : null
  }

  function rotateSessionKey(user: SandboxUser): void {
    user.session_key = createKey()
  }

  /** The newest encryption keys, after a new one where the last has expired. */
  function listEncryptionKeys({ encryptionKeys: keys }: SandboxUser) {
    const secondsLeft = ({ create_time }: UserEncryptionKey) =>
      Math.max(0, create_time + ENCRYPTION_KEY_SECONDS - now())
    const [newest] = keys
    if (!newest || secondsLeft(newest) === 0) {
      const iv = crypto.getRandomValues(new Uint8Array(8)).toHex()
      const version = (newest?.version ?? 0) + 1
      keys.unshift({ encrypt_key: createKey(), iv, version, create_time: now() })
      keys.splice(LISTED_KEYS)
    }
    return keys.map((key) => ({ ...key, expire_in: secondsLeft(key) }))
  }

  return { get, createCode, redeemCode, findByOpenid, rotateSessionKey, listEncryptionKeys }
}

/** 16 random bytes, in base64. */
function createKey(): string {
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
