/** The cryptography of WeChat Pay's side. It shares no code with the payments Worker. */

import type { Merchant } from './merchant'

const ALGORITHM = 'RSASSA-PKCS1-v1_5'
const CLOCK_SKEW_SECONDS = 300
/** How WeChat Pay begins a signature that must be refused, here with the length of a genuine one. */
const PROBE = `${'WECHATPAY/SIGNTEST/'.padEnd(342, 'A')}==`

const utf8 = new TextEncoder()

/** Who signs, and when: Unix time in whole seconds. */
export interface SigningContext {
  readonly merchant: Merchant
  readonly now: number
}

/** Parts of a signature that replace the genuine ones. */
export interface Forgery {
  /** Unix time in whole seconds. */
  readonly timestamp?: number
  readonly privateKey?: CryptoKey
  readonly serial?: string
  readonly signature?: string
}

/** How a response or a callback can be signed wrongly. `null` is no signature at all. */
const FORGERIES = {
  unsigned: () => null,
  forged: ({ merchant }) => ({ privateKey: merchant.strangerKeys.privateKey }),
  probe: () => ({ signature: PROBE }),
  stale: ({ now }) => ({ timestamp: now - 2 * CLOCK_SKEW_SECONDS }),
  future: ({ now }) => ({ timestamp: now + 2 * CLOCK_SKEW_SECONDS }),
  unknown_serial: ({ merchant }) => ({ serial: `${merchant.publicKeyId}9` }),
} as const satisfies Record<string, (context: SigningContext) => Forgery | null>

export type SignatureFault = keyof typeof FORGERIES

export const SIGNATURE_FAULTS = Object.keys(FORGERIES) as readonly SignatureFault[]

export function isSignatureFault(value: unknown): value is SignatureFault {
  return SIGNATURE_FAULTS.some((name) => name === value)
}

export function toForgery(fault: SignatureFault, context: SigningContext): Forgery | null {
  return FORGERIES[fault](context)
}

/** Whether the merchant has signed this request, not longer ago than WeChat Pay allows. */
export async function isRequestSigned(
  { method, url, headers }: Request,
  body: string,
  { merchant, now }: SigningContext,
): Promise<boolean> {
  const authorization = parseAuthorization(headers.get('Authorization') ?? '')
  const { mchid, serial_no, nonce_str, timestamp, signature } = authorization
  if (mchid !== merchant.mchid || serial_no !== merchant.serial) return false
  if (!(Math.abs(now - Number(timestamp)) <= CLOCK_SKEW_SECONDS)) return false
  const { pathname, search } = new URL(url)
  const lines = [method, pathname + search, timestamp, nonce_str, body]
  return verify(lines, signature, merchant.merchantKeys.publicKey)
}

/** The parameters of a merchant's `Authorization`; none if it has another form. */
export function parseAuthorization(header: string): Readonly<Record<string, string | undefined>> {
  const [, list = ''] = /^WECHATPAY2-SHA256-RSA2048 (.+)$/.exec(header) ?? []
  const pairs = [...list.matchAll(/(\w+)="([^"]*)"(?:,|$)/g)]
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]))
}

/** Whether the merchant has signed these parameters of wx.requestPayment. */
export function isPaySign(
  { appid, timeStamp, nonceStr, package: prepay, paySign }: Readonly<Record<string, unknown>>,
  { merchantKeys }: Merchant,
): Promise<boolean> {
  return verify([appid, timeStamp, nonceStr, prepay], paySign, merchantKeys.publicKey)
}

/** The headers that sign a response or a callback. */
export async function signHeaders(
  body: string,
  { merchant, now }: SigningContext,
  forgery: Forgery | null = {},
): Promise<Record<string, string>> {
  if (!forgery) return {}
  const { timestamp = now, privateKey = merchant.weChatPayKeys.privateKey } = forgery
  const { serial = merchant.publicKeyId } = forgery
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const text = utf8.encode(`${timestamp}\n${nonce}\n${body}\n`)
  const signature = new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, text))
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': forgery.signature ?? signature.toBase64(),
    'Wechatpay-Serial': serial,
  }
}

/** The encrypted resource of a callback: AES-256-GCM under the APIv3 key. A text is sealed as it is. */
export async function sealResource(
  fields: object | string,
  original_type: string,
  apiV3Key: string,
) {
  const nonce = crypto.randomUUID().slice(0, 12)
  const gcm = {
    name: 'AES-GCM',
    iv: utf8.encode(nonce),
    additionalData: utf8.encode(original_type),
  }
  const rawKey = utf8.encode(apiV3Key)
  const key = await crypto.subtle.importKey('raw', rawKey, 'AES-GCM', false, ['encrypt'])
  const text = utf8.encode(typeof fields === 'string' ? fields : JSON.stringify(fields))
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt(gcm, key, text)).toBase64()
  const associated_data = original_type
  return { original_type, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data, nonce }
}

async function verify(lines: unknown[], signature: unknown, key: CryptoKey): Promise<boolean> {
  const bytes = fromBase64(signature)
  const text = lines.map((line) => `${line}\n`).join('')
  return bytes !== null && crypto.subtle.verify(ALGORITHM, key, bytes, utf8.encode(text))
}

function fromBase64(text: unknown): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(String(text))
  } catch {
    return null
  }
}
