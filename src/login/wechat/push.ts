/**
 * Message push: WeChat's calls to us. Signatures, and the envelope of safe mode. No I/O, no clock.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */

import { concat } from '../../lib/bytes'
import { equalDigests, sha1 } from '../../lib/crypto'
import { parseBase64, parseHexSha1, parseUtf8, utf8 } from '../../lib/encoding'

/** The envelope's padding is PKCS#7 over blocks of 32 bytes, while AES has blocks of 16. */
const PADDING_BLOCK = 32
const AES_BLOCK = 16
/** Bytes before the message: 16 random ones, and its length in 4. */
const HEADER = 20

/**
 * Whether a signature is the SHA-1 of these parts, sorted and joined.
 *
 * @param parts token, timestamp and nonce, and in safe mode the envelope
 * @param signature 40 hex digits
 */
export async function isPushSignature(
  parts: readonly string[],
  signature: string,
): Promise<boolean> {
  const claimed = parseHexSha1(signature)
  return claimed !== null && equalDigests(await digestParts(parts), claimed)
}

/** The signature of these parts: hex, lower case. */
export async function pushSignature(parts: readonly string[]): Promise<string> {
  return (await digestParts(parts)).toHex()
}

function digestParts(parts: readonly string[]): Promise<Uint8Array> {
  return sha1(parts.toSorted().join(''))
}

/**
 * Opens an envelope of safe mode.
 *
 * @param envelope `Encrypt`, base64
 * @param encodingAESKey 43 characters, as the WeChat console shows it
 * @returns the message and the appid it is for, or `null` if it is not under this key
 */
export async function openEnvelope(
  envelope: string,
  encodingAESKey: string,
): Promise<{ message: string; appid: string } | null> {
  const ciphertext = parseBase64(envelope)
  if (!ciphertext || ciphertext.length === 0 || ciphertext.length % AES_BLOCK !== 0) return null
  const plaintext = unpad(await decryptUnpadded(ciphertext, Uint8Array.fromBase64(encodingAESKey)))
  if (!plaintext || plaintext.length < HEADER) return null
  const end = HEADER + new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(HEADER - 4)
  if (end > plaintext.length) return null
  const message = parseUtf8(plaintext.subarray(HEADER, end))
  const appid = parseUtf8(plaintext.subarray(end))
  return message === null || appid === null ? null : { message, appid }
}

/**
 * Makes an envelope of safe mode, for a reply.
 *
 * @param encodingAESKey 43 characters, as the WeChat console shows it
 * @param random 16 bytes
 * @returns `Encrypt`, base64
 */
export async function sealEnvelope(
  message: string,
  options: { appid: string; encodingAESKey: string; random: Uint8Array },
): Promise<string> {
  const [text, appid] = [utf8(message), utf8(options.appid)]
  const length = new DataView(new ArrayBuffer(4))
  length.setUint32(0, text.length)
  const parts = [options.random, new Uint8Array(length.buffer), text, appid]
  const plaintext = pad(concat(parts))
  const keyBytes = Uint8Array.fromBase64(options.encodingAESKey)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['encrypt'])
  const iv = keyBytes.slice(0, AES_BLOCK)
  const sealed = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, plaintext)
  // WebCrypto appends a block of padding of its own.
  return new Uint8Array(sealed, 0, plaintext.length).toBase64()
}

function pad(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const padding = PADDING_BLOCK - (bytes.length % PADDING_BLOCK)
  const padded = new Uint8Array(bytes.length + padding).fill(padding)
  padded.set(bytes)
  return padded
}

/**
 * WebCrypto's AES-CBC always removes a padding of 1 to 16 bytes, but this padding has up to 32. So a
 * block of valid padding is appended for it to remove: the encryption of an empty text with the
 * last block as IV is exactly that block.
 */
async function decryptUnpadded(
  ciphertext: Uint8Array<ArrayBuffer>,
  keyBytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, [
    'encrypt',
    'decrypt',
  ])
  const lastBlock = ciphertext.slice(-AES_BLOCK)
  const padding = await crypto.subtle.encrypt(
    { name: 'AES-CBC', iv: lastBlock },
    key,
    new Uint8Array(),
  )
  const padded = new Uint8Array(ciphertext.length + padding.byteLength)
  padded.set(ciphertext)
  padded.set(new Uint8Array(padding), ciphertext.length)
  const iv = keyBytes.slice(0, AES_BLOCK)
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, padded))
}

function unpad(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const length = Number(bytes.at(-1))
  if (length > PADDING_BLOCK) return null
  const padding = bytes.subarray(-length)
  return padding.every((byte) => byte === length) ? bytes.subarray(0, -length) : null
}
