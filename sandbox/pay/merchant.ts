/** A merchant and its WeChat Pay: ids and keys. Those of the sandbox are made at start. */

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const

export const MCHID = '1900000001'
export const NOTIFY_URL = 'http://localhost:8787/wechat/pay/events'

export interface Merchant {
  readonly mchid: string
  /** The serial number of the merchant's certificate. */
  readonly serial: string
  /** The id of WeChat Pay's public key. */
  readonly publicKeyId: string
  /** Encrypts callbacks: 32 characters. */
  readonly apiV3Key: string
  /** Signs requests and payments. */
  readonly merchantKeys: CryptoKeyPair
  /** Signs responses and callbacks. */
  readonly weChatPayKeys: CryptoKeyPair
  /** Signs what an attacker sends. */
  readonly strangerKeys: CryptoKeyPair
}

/** The sandbox's merchant, with new keys. */
export async function createMerchant(): Promise<Merchant> {
  const [merchantKeys, weChatPayKeys, strangerKeys] = await Promise.all([
    createPair(),
    createPair(),
    createPair(),
  ])
  return {
    mchid: MCHID,
    serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
    publicKeyId: 'PUB_KEY_ID_0119000000012026112500000000000001',
    apiV3Key: crypto.getRandomValues(new Uint8Array(16)).toHex(),
    merchantKeys,
    weChatPayKeys,
    strangerKeys,
  }
}

/** The settings of a payments Worker that is this merchant's, by their names. */
export async function toSettings(merchant: Merchant) {
  const { mchid, serial, publicKeyId, apiV3Key, merchantKeys, weChatPayKeys } = merchant
  return {
    WECHAT_PAY_MCHID: mchid,
    WECHAT_PAY_CERT_SERIAL_NO: serial,
    WECHAT_PAY_PUBLIC_KEY_ID: publicKeyId,
    WECHAT_PAY_NOTIFY_URL: NOTIFY_URL,
    WECHAT_PAY_PRIVATE_KEY: await toPem('PRIVATE KEY', 'pkcs8', merchantKeys.privateKey),
    WECHAT_PAY_PUBLIC_KEY: await toPem('PUBLIC KEY', 'spki', weChatPayKeys.publicKey),
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
