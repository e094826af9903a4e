/** WeChat's half of open data: what the phone does with a session_key. */

const utf8 = new TextEncoder()

export async function signRawData(rawData: string, session_key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', utf8.encode(rawData + session_key))
  return new Uint8Array(digest).toHex()
}

/** Any text under AES-128-CBC with a fresh iv; open data is JSON with a watermark in it. */
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
