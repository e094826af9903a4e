/** The sandbox's merchant and its WeChat Pay: their ids, and their keys, which are made at start. */

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const

export const MCHID = '1900000001'
export const MERCHANT_SERIAL = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1'
export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000000012026112500000000000001'
export const NOTIFY_URL = 'http://localhost:8787/wechat/pay/events'

export interface PayKeys {
  /** Signs requests and payments. */
  readonly merchant: CryptoKeyPair
  /** Signs answers and callbacks. */
  readonly weChatPay: CryptoKeyPair
  /** Signs what an attacker sends. */
  readonly stranger: CryptoKeyPair
  /** Encrypts callbacks: 32 characters. */
  readonly apiV3Key: string
}

export async function createKeys(): Promise<PayKeys> {
  const [merchant, weChatPay, stranger] = await Promise.all([
    createPair(),
    createPair(),
    createPair(),
  ])
  const apiV3Key = crypto.getRandomValues(new Uint8Array(16)).toHex()
  return { merchant, weChatPay, stranger, apiV3Key }
}

/** The settings of a payments Worker that is this merchant's, by their names. */
export async function toSettings({ merchant, weChatPay, apiV3Key }: PayKeys) {
  return {
    WECHAT_PAY_MCHID: MCHID,
    WECHAT_PAY_CERT_SERIAL_NO: MERCHANT_SERIAL,
    WECHAT_PAY_PUBLIC_KEY_ID: PUBLIC_KEY_ID,
    WECHAT_PAY_NOTIFY_URL: NOTIFY_URL,
    WECHAT_PAY_PRIVATE_KEY: await toPem('PRIVATE KEY', 'pkcs8', merchant.privateKey),
    WECHAT_PAY_PUBLIC_KEY: await toPem('PUBLIC KEY', 'spki', weChatPay.publicKey),
    WECHAT_PAY_API_V3_KEY: apiV3Key,
  }
}

async function createPair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as CryptoKeyPair
}

async function toPem(label: string, format: 'pkcs8' | 'spki', key: CryptoKey): Promise<string> {
  const bytes = new Uint8Array((await crypto.subtle.exportKey(format, key)) as ArrayBuffer)
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n')
}
