/** The cryptography of WeChat Pay's side. It shares no code with the payments Worker. */

import { MCHID, MERCHANT_SERIAL, type PayKeys, PUBLIC_KEY_ID } from './keys'

const ALGORITHM = 'RSASSA-PKCS1-v1_5'
const CLOCK_SKEW_SECONDS = 300
/** How WeChat Pay begins a signature that must be refused. */
const PROBE = 'WECHATPAY/SIGNTEST/'

const utf8 = new TextEncoder()

/** How an answer or a callback can be signed wrongly. */
export const SIGNATURE_FAULTS = [
  'unsigned',
  'forged',
  'probe',
  'stale',
  'future',
  'unknown_serial',
] as const

export type SignatureFault = (typeof SIGNATURE_FAULTS)[number]

/** Whether the merchant has signed this request, not longer ago than WeChat Pay allows. */
export async function isRequestSigned(
  { method, url, headers }: Request,
  body: string,
  { keys, now }: { keys: PayKeys; now: number },
): Promise<boolean> {
  const [, list = ''] =
    /^WECHATPAY2-SHA256-RSA2048 (.+)$/.exec(headers.get('Authorization') ?? '') ?? []
  const pairs = [...list.matchAll(/(\w+)="([^"]*)"(?:,|$)/g)].map(([, name, value]) => [
    name,
    value,
  ])
  const { mchid, serial_no, nonce_str, timestamp, signature } = Object.fromEntries(pairs) as Record<
    string,
    string | undefined
  >
  if (mchid !== MCHID || serial_no !== MERCHANT_SERIAL) return false
  if (!(Math.abs(now - Number(timestamp)) <= CLOCK_SKEW_SECONDS)) return false
  const { pathname, search } = new URL(url)
  const lines = [method, pathname + search, timestamp, nonce_str, body]
  return verify(lines, signature, keys.merchant.publicKey)
}

/** Whether the merchant has signed these parameters of wx.requestPayment. */
export function isPaySign(
  { appid, timeStamp, nonceStr, package: prepay, paySign }: Readonly<Record<string, unknown>>,
  { merchant }: PayKeys,
): Promise<boolean> {
  return verify([appid, timeStamp, nonceStr, prepay], paySign, merchant.publicKey)
}

/** The headers of an answer or a callback. */
export async function signHeaders(
  body: string,
  { keys, now }: { keys: PayKeys; now: number },
  fault: SignatureFault | null,
): Promise<Record<string, string>> {
  if (fault === 'unsigned') return {}
  const skew = CLOCK_SKEW_SECONDS + 1
  const timestamp = now + (fault === 'stale' ? -skew : fault === 'future' ? skew : 0)
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const { privateKey } = fault === 'forged' ? keys.stranger : keys.weChatPay
  const text = utf8.encode(`${timestamp}\n${nonce}\n${body}\n`)
  const signature = new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, text)).toBase64()
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': fault === 'probe' ? PROBE + signature.slice(PROBE.length) : signature,
    'Wechatpay-Serial': fault === 'unknown_serial' ? `${PUBLIC_KEY_ID}9` : PUBLIC_KEY_ID,
  }
}

/** The encrypted resource of a callback: AES-256-GCM under the APIv3 key. */
export async function sealResource(fields: object, original_type: string, apiV3Key: string) {
  const nonce = crypto.randomUUID().slice(0, 12)
  const gcm = {
    name: 'AES-GCM',
    iv: utf8.encode(nonce),
    additionalData: utf8.encode(original_type),
  }
  const rawKey = utf8.encode(apiV3Key)
  const key = await crypto.subtle.importKey('raw', rawKey, 'AES-GCM', false, ['encrypt'])
  const text = utf8.encode(JSON.stringify(fields))
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
