/** The cryptography of WeChat's side: open data on the phone, and encrypted message push. */

const utf8 = new TextEncoder()

export async function signRawData(rawData: string, session_key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', utf8.encode(rawData + session_key))
  return new Uint8Array(digest).toHex()
}

/** Encrypts a text with AES-128-CBC and a random iv. Open data is JSON that has a watermark. */
export async function encryptText(text: string, session_key: string) {
  const iv = crypto.getRandomValues(new Uint8Array(16))
  const keyBytes = Uint8Array.fromBase64(session_key)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['encrypt'])
  const data = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, utf8.encode(text))
  return { encryptedData: new Uint8Array(data).toBase64(), iv: iv.toBase64() }
}

export function encryptOpenData(fields: object, session_key: string) {
  return encryptText(JSON.stringify(fields), session_key)
}

/** HMAC-SHA256 in hex. The key is a text, and is not decoded. */
export async function hmacHex(key: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const hmacKey = await crypto.subtle.importKey('raw', utf8.encode(key), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', hmacKey, utf8.encode(text))).toHex()
}

/** The signature of a pushed message: SHA-1 of its sorted and joined parts, in hex. */
export async function signPush(...parts: string[]): Promise<string> {
  const text = utf8.encode(parts.toSorted().join(''))
  return new Uint8Array(await crypto.subtle.digest('SHA-1', text)).toHex()
}

/**
 * Encrypts a message as safe mode does: random, length, message and appid, padded to 32 bytes.
 *
 * @param random 16 characters
 */
export async function sealEnvelope(
  message: string,
  { appid, encodingAESKey, random }: { appid: string; encodingAESKey: string; random: string },
): Promise<string> {
  const bytes = utf8.encode(message)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  const content = [...utf8.encode(random), ...length, ...bytes, ...utf8.encode(appid)]
  const padding = 32 - (content.length % 32)
  const padded = new Uint8Array([...content, ...Array<number>(padding).fill(padding)])
  const keyBytes = Uint8Array.fromBase64(`${encodingAESKey}=`)
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['encrypt'])
  const iv = keyBytes.slice(0, 16)
  const data = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, padded)
  // WeChat pads to 32 bytes, so the block that WebCrypto adds is cut off.
  return new Uint8Array(data).slice(0, -16).toBase64()
}
