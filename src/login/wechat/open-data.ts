/**
 * Open data: what `wx.getUserInfo`, `wx.getWeRunData` and the phone button give a mini program,
 * signed or encrypted with the session_key. No I/O, no clock: keys and times are parameters.
 *
 * AES-CBC is WeChat's choice. It authenticates nothing, and a wrong key passes the padding check
 * once in 256 times, so any plaintext without a watermark gets the same refusal.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */

import { invalidRequest, Problem } from '../../core/problem'
import { equalDigests, sha1 } from '../../lib/crypto'
import {
  isObject,
  parseBase64,
  parseHexSha1,
  parseLenientJson,
  parseUtf8,
} from '../../lib/encoding'

/** How far WeChat's clock may be ahead of ours, in seconds. */
const CLOCK_SKEW_SECONDS = 60

export interface SignedData {
  /** The exact text from WeChat; serializing it again would break the signature. */
  readonly rawData: string
  /** Hex SHA-1 of rawData followed by the session_key's base64 text. */
  readonly signature: string
}

export interface EncryptedData {
  /** Base64 of AES-128-CBC ciphertext. */
  readonly encryptedData: string
  /** Base64 of 16 bytes. */
  readonly iv: string
}

export interface OpenData {
  /** The plaintext without openId, unionId and watermark. */
  readonly data: Record<string, unknown>
  /** When WeChat issued it, in Unix seconds. */
  readonly timestamp: number
}

/**
 * Verifies rawData under any of the keys, each base64 as WeChat gave it.
 *
 * @returns rawData, parsed
 * @throws {Problem} `session_key_stale` if no key fits; `invalid_request` if it is not JSON, or
 * shows why none fits
 */
export async function verifySignedData(
  { rawData, signature }: SignedData,
  keys: readonly string[],
): Promise<unknown> {
  const claimed = parseHexSha1(signature)
  const digests = await Promise.all(keys.map((session_key) => sha1(rawData + session_key)))
  if (!claimed || !digests.some((digest) => equalDigests(digest, claimed))) {
    const fault = findRawDataFault(rawData)
    throw fault === null ? new Problem('session_key_stale') : invalidRequest('rawData', fault)
  }
  const data = parseLenientJson(rawData)
  if (data === undefined) throw invalidRequest('rawData', 'must be JSON')
  return data
}

/** What has been done to rawData since WeChat signed it, if its form shows that; `null` if not. */
function findRawDataFault(rawData: string): string | null {
  const fault = RAW_DATA_FAULTS.find(([pattern]) => pattern.test(rawData))?.[1]
  return fault === undefined ? null : `${fault}; send the text as wx returned it`
}

const RAW_DATA_FAULTS: readonly (readonly [pattern: RegExp, fault: string])[] = [
  [/^("\{|\{?\\+")/, 'is stringified twice'],
  [/^%(25)*(22|7b)/i, 'is URL-encoded'],
  [/^\{?&(amp;)*(quot|#34|#x22);/, 'is escaped as HTML'],
]

/**
 * Decrypts data with the first key that fits and checks its watermark.
 *
 * @param now Unix seconds
 * @throws {Problem} `session_key_stale`, `watermark_mismatch`, `watermark_expired`,
 * `openid_mismatch`
 */
export async function openEncryptedData(
  encrypted: EncryptedData,
  expected: {
    keys: readonly string[]
    appid: string
    openid: string
    /** How old the data may be, in seconds. */
    maxAge: number
    now: number
  },
): Promise<OpenData> {
  for (const session_key of expected.keys) {
    const plaintext = await decrypt(encrypted, session_key)
    if (plaintext) return checkWatermark(plaintext, expected)
  }
  throw new Problem('session_key_stale')
}

interface Plaintext {
  readonly fields: Record<string, unknown>
  readonly appid: string
  readonly timestamp: number
}

/** `null` for every failure a wrong key can cause, so that no response tells padding from content. */
async function decrypt(
  { encryptedData, iv }: EncryptedData,
  session_key: string,
): Promise<Plaintext | null> {
  const [ciphertext, ivBytes, keyBytes] = [encryptedData, iv, session_key].map(parseBase64)
  if (!ciphertext || !ivBytes || !keyBytes) return null
  try {
    const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['decrypt'])
    const plaintext = await crypto.subtle.decrypt({ name: 'AES-CBC', iv: ivBytes }, key, ciphertext)
    return parsePlaintext(new Uint8Array(plaintext))
  } catch {
    return null
  }
}

function parsePlaintext(bytes: Uint8Array): Plaintext | null {
  const fields = parseLenientJson(parseUtf8(bytes))
  if (!isObject(fields) || !isObject(fields.watermark)) return null
  const { appid, timestamp } = fields.watermark
  return typeof appid === 'string' && typeof timestamp === 'number'
    ? { fields, appid, timestamp }
    : null
}

function checkWatermark(
  { fields, appid, timestamp }: Plaintext,
  expected: { appid: string; openid: string; maxAge: number; now: number },
): OpenData {
  if (appid !== expected.appid) throw new Problem('watermark_mismatch')
  const age = expected.now - timestamp
  if (age > expected.maxAge || age < -CLOCK_SKEW_SECONDS) throw new Problem('watermark_expired')
  const { openId, unionId, watermark, ...data } = fields
  if (openId !== undefined && openId !== expected.openid) throw new Problem('openid_mismatch')
  return { data, timestamp }
}
