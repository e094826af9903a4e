/**
 * Keys as they stand in settings: PEM, whatever stands around it, with real or escaped line breaks; or
 * bare base64. No I/O.
 *
 * A key of the wrong kind is recognized by its DER, so that the log can say what it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7468 (PEM)
 * @see https://www.rfc-editor.org/rfc/rfc5208 (PKCS#8)
 * @see https://www.rfc-editor.org/rfc/rfc5280 (SubjectPublicKeyInfo)
 */

import { parseBase64, parseUtf8 } from './encoding'

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const

const SMALLEST_BITS = 2048

const SEQUENCE = 0x30
const INTEGER = 0x02
const VERSION = 0xa0
/** Says that the next byte is the length. Keys of P-256 need no longer one. */
const LENGTH_IN_ONE_BYTE = 0x81

/** A key, or what is wrong with the setting. */
export type ParsedKey = { readonly key: CryptoKey } | { readonly fault: string }

/** The merchant's private key: apiclient_key.pem, PKCS#8. */
export async function parsePrivateKey(text: string): Promise<ParsedKey> {
  const [{ label, base64 }] = findBlocks(text, 'PRIVATE KEY')
  if (label.startsWith('ENCRYPTED') || base64.includes(',ENCRYPTED')) {
    return { fault: 'is encrypted; decrypt it: openssl pkcs8 -topk8 -nocrypt' }
  }
  const der = parseDer(base64)
  if ('fault' in der) return der
  const { bytes, first, second } = der
  if (label === 'RSA PRIVATE KEY' || second === INTEGER) {
    return { fault: 'is PKCS#1; convert it: openssl pkcs8 -topk8 -nocrypt' }
  }
  if (first === SEQUENCE) return { fault: 'is a certificate or a public key, not a private key' }
  return importKey(() => crypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']))
}

/** A public key of WeChat Pay: pub_key.pem, SubjectPublicKeyInfo. */
export async function parsePublicKey(text: string): Promise<ParsedKey> {
  const [{ label, base64 }] = findBlocks(text, 'PUBLIC KEY')
  const der = parseDer(base64)
  if ('fault' in der) return der
  const { bytes, first, firstInside } = der
  if (label === 'CERTIFICATE' || (first === SEQUENCE && firstInside === VERSION)) {
    return { fault: 'is a certificate; take its key: openssl x509 -pubkey -noout' }
  }
  if (first !== SEQUENCE) return { fault: 'is not a public key (SubjectPublicKeyInfo)' }
  return importKey(() => crypto.subtle.importKey('spki', bytes, ALGORITHM, false, ['verify']))
}

/**
 * The DER of every private key in a text, which may hold several; `null` for one that is not PKCS#8.
 * Blocks of other kinds do not count.
 */
export function readPrivateKeys(text: string): readonly (Uint8Array<ArrayBuffer> | null)[] {
  return findBlocks(text, 'PRIVATE KEY').map(({ base64 }) => {
    const der = parseBase64(base64)
    // A version, then a sequence: workerd would import SEC 1 as well, which Node refuses.
    const start = der?.[1] === LENGTH_IN_ONE_BYTE ? 3 : 2
    return der?.[start + 3] === SEQUENCE ? der : null
  })
}

async function importKey(task: () => Promise<CryptoKey>): Promise<ParsedKey> {
  try {
    const key = await task()
    const bits = 'modulusLength' in key.algorithm ? key.algorithm.modulusLength : 0
    if (bits >= SMALLEST_BITS) return { key }
    return { fault: `is an RSA key of ${bits} bits; it must have at least ${SMALLEST_BITS}` }
  } catch {
    return { fault: 'is not an RSA key that can be imported' }
  }
}

/** What stands in a text for a key. */
interface Block {
  /** Of its BEGIN line; empty for bare base64. */
  readonly label: string
  /** Without white space. Of an old encrypted key, it has headers as well. */
  readonly base64: string
}

/** All blocks of this kind, or else those of any kind, or else the text itself. */
function findBlocks(text: string, kind: string): readonly [Block, ...Block[]] {
  // Base64 has no backslash, so a literal \n is a line break that a shell or a file has escaped.
  const lines = text.replace(/\\+[rn]/g, '\n')
  const find = (kind: string) =>
    Array.from(
      lines.matchAll(new RegExp(`-----BEGIN (${kind})-----(.*?)(?:-----END|$)`, 'gs')),
      ([, label = '', inside = '']) => toBlock(label, inside),
    )
  const ofKind = find(`[A-Z ]*${kind}`)
  const bare = toBlock('', lines.replace(/^\s*["']|["']\s*$|-----END.*/gs, ''))
  const [first = bare, ...others] = ofKind.length > 0 ? ofKind : find('[A-Z ]+')
  return [first, ...others]
}

function toBlock(label: string, inside: string): Block {
  return { label, base64: inside.replace(/\s/g, '') }
}

interface Der {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The tags of the first two members of the outer sequence, and of the first one's first member. */
  readonly first: number | undefined
  readonly second: number | undefined
  readonly firstInside: number | undefined
}

const NO_KEY = 'is not a key in PEM or base64'

function parseDer(base64: string): Der | { readonly fault: string } {
  if (base64 === '') return { fault: 'has nothing between its BEGIN and END lines' }
  // What is cut off need not end with a whole group of four characters.
  const bytes = parseBase64(base64) ?? parseBase64(base64.slice(0, -(base64.length % 4)))
  if (!bytes) return { fault: NO_KEY }
  if (parseUtf8(bytes)?.includes('-----BEGIN')) {
    return { fault: 'is base64 of a PEM; set the PEM itself' }
  }
  const outer = readElement(bytes, 0)
  if (outer?.tag !== SEQUENCE || outer.end < bytes.length) return { fault: NO_KEY }
  if (outer.end > bytes.length) return { fault: 'is cut off' }
  const first = readElement(bytes, outer.start)
  const second = first && readElement(bytes, first.end)
  const inside = first && readElement(bytes, first.start)
  return { bytes, first: first?.tag, second: second?.tag, firstInside: inside?.tag }
}

/** One DER element, which may end beyond the bytes; `null` if its header does. */
function readElement(
  bytes: Uint8Array,
  offset: number,
): { tag: number; start: number; end: number } | null {
  const [tag, size] = [bytes[offset], bytes[offset + 1]]
  if (tag === undefined || size === undefined) return null
  if (size < 0x80) return { tag, start: offset + 2, end: offset + 2 + size }
  const start = offset + 2 + (size & 0x7f)
  const digits = bytes.subarray(offset + 2, start)
  const length = digits.reduce((value, digit) => value * 256 + digit, 0)
  return { tag, start, end: start + length }
}
