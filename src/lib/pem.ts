/**
 * Keys as they stand in settings: PEM with real or literal line breaks, or bare base64. No I/O.
 *
 * A key of the wrong kind is recognized by its DER, so that the log can say what it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5208 (PKCS#8)
 * @see https://www.rfc-editor.org/rfc/rfc5280 (SubjectPublicKeyInfo)
 */

import { parseBase64 } from './encoding'

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const

const SEQUENCE = 0x30
const INTEGER = 0x02
const VERSION = 0xa0

/** A key, or what is wrong with the setting. */
export type ParsedKey = { readonly key: CryptoKey } | { readonly fault: string }

/** The merchant's private key: apiclient_key.pem, PKCS#8. */
export async function parsePrivateKey(text: string): Promise<ParsedKey> {
  const der = parseDer(text)
  if ('fault' in der) return der
  const { bytes, first, second } = der
  if (/ENCRYPTED/.test(text)) {
    return { fault: 'is encrypted; decrypt it: openssl pkcs8 -topk8 -nocrypt' }
  }
  if (/RSA PRIVATE KEY/.test(text) || (first === INTEGER && second === INTEGER)) {
    return { fault: 'is PKCS#1; convert it: openssl pkcs8 -topk8 -nocrypt' }
  }
  if (first === SEQUENCE) return { fault: 'is a certificate or a public key, not a private key' }
  return importKey(() => crypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']))
}

/** A public key of WeChat Pay: pub_key.pem, SubjectPublicKeyInfo. */
export async function parsePublicKey(text: string): Promise<ParsedKey> {
  const der = parseDer(text)
  if ('fault' in der) return der
  const { bytes, first, firstInside } = der
  if (/CERTIFICATE/.test(text) || (first === SEQUENCE && firstInside === VERSION)) {
    return { fault: 'is a certificate; take its key: openssl x509 -pubkey -noout' }
  }
  if (first !== SEQUENCE) return { fault: 'is not a public key (SubjectPublicKeyInfo)' }
  return importKey(() => crypto.subtle.importKey('spki', bytes, ALGORITHM, false, ['verify']))
}

async function importKey(task: () => Promise<CryptoKey>): Promise<ParsedKey> {
  try {
    return { key: await task() }
  } catch {
    return { fault: 'is not an RSA key that can be imported' }
  }
}

interface Der {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The tags of the first two members of the outer sequence, and of the first one's first member. */
  readonly first: number | undefined
  readonly second: number | undefined
  readonly firstInside: number | undefined
}

/** Base64 has no backslash, so a literal `\n` is a line break that a shell or a file has escaped. */
function parseDer(text: string): Der | { readonly fault: string } {
  const base64 = text
    .replace(/-----(BEGIN|END) [A-Z ]+-----/g, '')
    .replace(/\\[rn]/g, '')
    .replace(/\s/g, '')
  if (base64 === '') return { fault: 'has nothing between its BEGIN and END lines' }
  const bytes = parseBase64(base64)
  if (!bytes) return { fault: 'is cut off, or is not PEM or base64' }
  const outer = readElement(bytes, 0)
  if (!outer || outer.tag !== SEQUENCE || outer.end !== bytes.length) {
    return { fault: 'is cut off, or is not a key' }
  }
  const first = readElement(bytes, outer.start)
  const second = first && readElement(bytes, first.end)
  const inside = first && readElement(bytes, first.start)
  return { bytes, first: first?.tag, second: second?.tag, firstInside: inside?.tag }
}

/** One DER element; `null` if it does not fit into the bytes. */
function readElement(
  bytes: Uint8Array,
  offset: number,
): { tag: number; start: number; end: number } | null {
  const [tag, size] = [bytes[offset], bytes[offset + 1]]
  if (tag === undefined || size === undefined) return null
  if (size < 0x80) return readSpan(bytes, tag, offset + 2, size)
  const count = size & 0x7f
  const digits = bytes.subarray(offset + 2, offset + 2 + count)
  const length = digits.reduce((value, digit) => value * 256 + digit, 0)
  return readSpan(bytes, tag, offset + 2 + count, length)
}

function readSpan(bytes: Uint8Array, tag: number, start: number, length: number) {
  const end = start + length
  return end <= bytes.length ? { tag, start, end } : null
}
