/**
 * Signatures of WeChat Pay API v3: RSASSA-PKCS1-v1_5 with SHA-256 over lines that each end in a line
 * feed, the last one too. No I/O, no clock.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365336 (requests)
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365350 (responses and callbacks)
 */

import { concat } from '../lib/bytes'
import { parseBase64, utf8 } from '../lib/encoding'

const ALGORITHM = 'RSASSA-PKCS1-v1_5'

/** How far a time may be from ours, in seconds. */
const CLOCK_SKEW_SECONDS = 300

/** Signs lines: base64. */
export async function signLines(lines: readonly string[], key: CryptoKey): Promise<string> {
  const text = `${lines.join('\n')}\n`
  return new Uint8Array(await crypto.subtle.sign(ALGORITHM, key, utf8(text))).toBase64()
}

/** What is signed of a request. */
export interface SignedRequest {
  readonly method: string
  /** As it goes over the wire. */
  readonly pathAndQuery: string
  /** Unix seconds. */
  readonly timestamp: number
  readonly nonce: string
  /** The exact text that is sent; empty for none. */
  readonly body: string
}

/** The `Authorization` header of a request. */
export async function toAuthorization(
  { method, pathAndQuery, timestamp, nonce, body }: SignedRequest,
  { mchid, serialNo, privateKey }: { mchid: string; serialNo: string; privateKey: CryptoKey },
): Promise<string> {
  const lines = [method, pathAndQuery, String(timestamp), nonce, body]
  const signature = await signLines(lines, privateKey)
  return `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${serialNo}"`
}

/**
 * The argument of `wx.requestPayment`, exactly.
 *
 * @example
 * const toPhone = (parameters: PaymentParameters) => Response.json(parameters)
 */
export interface PaymentParameters {
  /** Unix seconds, as a text. */
  readonly timeStamp: string
  readonly nonceStr: string
  /** `prepay_id=…` */
  readonly package: string
  readonly signType: 'RSA'
  readonly paySign: string
}

/** Signs a prepay_id for the mini program. */
export async function toPaymentParameters(
  prepay: { appid: string; prepayId: string; timestamp: number; nonce: string },
  privateKey: CryptoKey,
): Promise<PaymentParameters> {
  const timeStamp = String(prepay.timestamp)
  const nonceStr = prepay.nonce
  const body = `prepay_id=${prepay.prepayId}`
  const paySign = await signLines([prepay.appid, timeStamp, nonceStr, body], privateKey)
  return { timeStamp, nonceStr, package: body, signType: 'RSA', paySign }
}

/** Why a response or a callback is not WeChat Pay's. */
export type SignatureFault = 'missing' | 'type' | 'timestamp' | 'serial' | 'signature'

/**
 * Checks who has signed a message.
 *
 * @param body The raw bytes
 * @param now Unix seconds
 * @returns `null` if the message is WeChat Pay's, and fresh
 */
export async function findSignatureFault(
  { headers, body }: { headers: Headers; body: Uint8Array },
  keys: ReadonlyMap<string, CryptoKey>,
  now: number,
): Promise<SignatureFault | null> {
  const [timestamp, nonce, signature, serial] = [
    'Wechatpay-Timestamp',
    'Wechatpay-Nonce',
    'Wechatpay-Signature',
    'Wechatpay-Serial',
  ].map((name) => headers.get(name))
  if (!timestamp || !nonce || !signature || !serial) return 'missing'
  const type = headers.get('Wechatpay-Signature-Type') ?? 'WECHATPAY2-SHA256-RSA2048'
  if (type !== 'WECHATPAY2-SHA256-RSA2048') return 'type'
  const age = Math.abs(now - Number(timestamp))
  if (/\D/.test(timestamp) || age > CLOCK_SKEW_SECONDS) return 'timestamp'
  const key = keys.get(serial)
  if (!key) return 'serial'
  // WeChat Pay sends probes whose signature is no base64: they are refused like any bad one.
  const bytes = parseBase64(signature)
  if (!bytes) return 'signature'
  const text = concat([utf8(`${timestamp}\n${nonce}\n`), body, utf8('\n')])
  return (await crypto.subtle.verify(ALGORITHM, key, bytes, text)) ? null : 'signature'
}
