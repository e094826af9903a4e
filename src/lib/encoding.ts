/** Decoders for UTF-8, base64 and JSON: invalid input is `null`, or `undefined` for JSON. */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>
}

/** The text of UTF-8 bytes, without a BOM; `null` if they are not UTF-8. */
export function parseUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

type Reviver = (key: string, value: unknown) => unknown

/** The value of a JSON text; `undefined`, which JSON cannot express, if there is none, or no JSON. */
export function parseJson(text: string | null, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text ?? '', reviver)
  } catch {
    return undefined
  }
}

/**
 * The value of a JSON text whose strings may hold raw control characters, as WeChat has sent names
 * and pasted texts; `undefined` if it is not JSON even so. What is signed is the raw text.
 */
export function parseLenientJson(text: string | null, reviver?: Reviver): unknown {
  return parseJson(text, reviver) ?? parseJson(text && escapeControls(text), reviver)
}

/** The text with the control characters inside its strings escaped. */
function escapeControls(text: string): string {
  let isInString = false
  // A backslash takes the next character along. What sorts before the space are controls: \p{Cc}
  // would have every cold start load Unicode's tables, for half a millisecond.
  return text.replace(/\\[\s\S]|"|[^ -\uffff]/g, (found) => {
    if (found === '"') isInString = !isInString
    const isControl = found < ' '
    return isControl && isInString ? JSON.stringify(found).slice(1, -1) : found
  })
}

/** Whether a JSON value is an object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** The bytes of a padded base64 text (RFC 4648 section 4); `null` if it is anything else. */
export function parseBase64(text: string): Uint8Array<ArrayBuffer> | null {
  // fromBase64 skips white space, but an unescaped + arrives as a space and must not be dropped.
  if (/\s/.test(text)) return null
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}

/** The bytes of an unpadded base64url text in its one spelling; `null` if it is anything else. */
export function parseBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text)) return null
  const padded = text + '='.repeat(-text.length & 3)
  try {
    return Uint8Array.fromBase64(padded, { alphabet: 'base64url', lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}

/** The 20 bytes of a hex SHA-1, of either case; `null` if it is anything else. */
export function parseHexSha1(text: string): Uint8Array | null {
  return /^[\da-f]{40}$/i.test(text) ? Uint8Array.fromHex(text) : null
}
