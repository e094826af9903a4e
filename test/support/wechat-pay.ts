/** A merchant and its WeChat Pay, whose ids and keys are those of the examples. */

import type { Merchant } from '../../sandbox/pay/merchant'
import vectors from './wechat-pay-vectors.json' with { type: 'json' }

const { identity, keys } = vectors.generated
export const MCHID = identity.mchid
export const PUBLIC_KEY_ID = identity.public_key_id
export const API_V3_KEY = identity.apiv3_key
export const MERCHANT = keys.merchant
export const PLATFORM = keys.wechatpay_platform
export const NOTIFY_URL = 'https://pay.example/wechat/pay/events'

/** The settings of a payments Worker that is this merchant's. */
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
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const fromPem = (pem: string) => fromBase64(pem.replace(/-----[^-]+-----|\s/g, ''))

export const importPrivate = (pem: string) =>
  crypto.subtle.importKey('pkcs8', fromPem(pem), RSA, false, ['sign'])
export const importPublic = (pem: string) =>
  crypto.subtle.importKey('spki', fromPem(pem), RSA, false, ['verify'])

const importPair = async (pems: { private_pkcs8_pem: string; public_spki_pem: string }) => ({
  privateKey: await importPrivate(pems.private_pkcs8_pem),
  publicKey: await importPublic(pems.public_spki_pem),
})

/** The merchant as the sandbox's WeChat Pay knows it. */
export async function importMerchant(): Promise<Merchant> {
  const [merchantKeys, weChatPayKeys] = await Promise.all([MERCHANT, PLATFORM].map(importPair))
  if (!merchantKeys || !weChatPayKeys) throw new Error('no keys')
  return {
    mchid: MCHID,
    serial: identity.merchant_serial_no,
    publicKeyId: PUBLIC_KEY_ID,
    apiV3Key: API_V3_KEY,
    merchantKeys,
    weChatPayKeys,
    strangerKeys: merchantKeys,
  }
}

/** Whether this is the merchant's signature of this text. */
export async function isMerchantSignature(text: string, signature: string): Promise<boolean> {
  const key = await importPublic(MERCHANT.public_spki_pem)
  const bytes = new TextEncoder().encode(text)
  return crypto.subtle.verify(RSA.name, key, fromBase64(signature), bytes)
}
