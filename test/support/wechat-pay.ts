/** The keys of a merchant and of WeChat Pay, and what WeChat Pay signs with its own. */

import vectors from './wechat-pay-vectors.json' with { type: 'json' }

const { identity, keys } = vectors.generated
export const MCHID = identity.mchid
export const PUBLIC_KEY_ID = identity.public_key_id
export const API_V3_KEY = identity.apiv3_key
export const MERCHANT = keys.merchant
export const PLATFORM = keys.wechatpay_platform
export const NOTIFY_URL = 'https://pay.example/wechat/pay/events'

/** The settings of a payments Worker that is a customer of this WeChat Pay. */
export const PAY_SETTINGS = {
  WECHAT_PAY_MCHID: MCHID,
  WECHAT_PAY_CERT_SERIAL_NO: identity.merchant_serial_no,
  WECHAT_PAY_PUBLIC_KEY_ID: PUBLIC_KEY_ID,
  WECHAT_PAY_NOTIFY_URL: NOTIFY_URL,
  WECHAT_PAY_PRIVATE_KEY: MERCHANT.private_pkcs8_pem,
  WECHAT_PAY_PUBLIC_KEY: PLATFORM.public_spki_pem,
  WECHAT_PAY_API_V3_KEY: API_V3_KEY,
} as const

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
const utf8 = (text: string) => new TextEncoder().encode(text)
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const toBase64 = (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
const fromPem = (pem: string) => fromBase64(pem.replace(/-----[^-]+-----|\s/g, ''))

export const importPrivate = (pem: string) =>
  crypto.subtle.importKey('pkcs8', fromPem(pem), RSA, false, ['sign'])
export const importPublic = (pem: string) =>
  crypto.subtle.importKey('spki', fromPem(pem), RSA, false, ['verify'])

/** Whether this is the merchant's signature of this text. */
export async function isMerchantSignature(text: string, signature: string): Promise<boolean> {
  const key = await importPublic(MERCHANT.public_spki_pem)
  return crypto.subtle.verify(RSA.name, key, fromBase64(signature), utf8(text))
}

/** An answer before it is signed; what is given replaces what a good answer has. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly isSigned?: boolean
  /** Unix seconds. */
  readonly timestamp?: number
  readonly serial?: string
  readonly privateKey?: string
  readonly signature?: string
}

/** The four headers with which WeChat Pay signs a body. */
export async function signHeaders(
  answer: Pick<Answer, 'body' | 'timestamp' | 'serial' | 'privateKey' | 'signature'>,
  now: number,
): Promise<Record<string, string>> {
  const { body, timestamp = now, serial = PUBLIC_KEY_ID, privateKey } = answer
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const key = await importPrivate(privateKey ?? PLATFORM.private_pkcs8_pem)
  const text = utf8(`${timestamp}\n${nonce}\n${body}\n`)
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature':
      answer.signature ?? toBase64(await crypto.subtle.sign(RSA.name, key, text)),
    'Wechatpay-Serial': serial,
  }
}

interface NoticeOptions extends Omit<Answer, 'status' | 'body' | 'headers' | 'isSigned'> {
  readonly apiV3Key?: string
  readonly algorithm?: string
  /** Replaces the body after it was made, and before it is signed. */
  readonly body?: string
}

/** A callback: its signed headers and its body. */
export async function notice(
  type: string,
  fields: object,
  now: number,
  { apiV3Key = API_V3_KEY, algorithm = 'AEAD_AES_256_GCM', ...options }: NoticeOptions = {},
): Promise<{ headers: Record<string, string>; body: string }> {
  const original = type.startsWith('REFUND') ? 'refund' : 'transaction'
  const nonce = crypto.randomUUID().slice(0, 12)
  const key = await crypto.subtle.importKey('raw', utf8(apiV3Key), 'AES-GCM', false, ['encrypt'])
  const gcm = { name: 'AES-GCM', iv: utf8(nonce), additionalData: utf8(original) }
  const sealed = await crypto.subtle.encrypt(gcm, key, utf8(JSON.stringify(fields)))
  const made = JSON.stringify({
    ...{ id: crypto.randomUUID(), create_time: '2026-11-21T18:00:00+08:00' },
    ...{ event_type: type, resource_type: 'encrypt-resource', summary: 'a text' },
    resource: {
      ...{ original_type: original, algorithm, ciphertext: toBase64(sealed) },
      ...{ associated_data: original, nonce },
    },
  })
  const body = options.body ?? made
  return { headers: await signHeaders({ ...options, body }, now), body }
}
