/**
 * What the code of the Worker takes from its platform and Node lacks, each with the Node that has it
 * itself. The entry of the package and both servers install it before anything else runs.
 */

import { timingSafeEqual } from 'node:crypto'

/** Installs what is missing; a second call changes nothing. */
export function installPlatform(): void {
  // No Node: Web Crypto does not have it yet.
  addMethods(SubtleCrypto.prototype, { timingSafeEqual })
  // Node 26.
  addMethods(Uint8Array, { fromBase64, fromHex })
  addMethods(Uint8Array.prototype, { toBase64, toHex })
  // No Node: streams of Workers.
  addMethods(globalThis, { IdentityTransformStream: TransformStream, FixedLengthStream })
}

function addMethods(target: object, methods: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(methods)) {
    if (name in target) continue
    Object.defineProperty(target, name, { value, writable: true, configurable: true })
  }
}

/** Node's `fetch` holds a stream to the Content-Length of its request. */
class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(_length: number) {
    super()
  }
}

/** With a whole padding, or with none. */
const FORMS = {
  base64: /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/,
  base64url: /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/,
}

/** @see https://tc39.es/ecma262/#sec-uint8array.frombase64 */
const fromBase64: typeof Uint8Array.fromBase64 = (text, options = {}) => {
  const { alphabet = 'base64', lastChunkHandling = 'loose' } = options
  const compact = text.replace(/[\t\n\f\r ]/g, '')
  if (!FORMS[alphabet].test(compact)) throw new SyntaxError('not base64')
  const bytes = Uint8Array.from(Buffer.from(compact, alphabet))
  if (lastChunkHandling === 'loose' || toBase64.call(bytes, { alphabet }) === compact) return bytes
  throw new SyntaxError('not base64 in its one spelling')
}

function toBase64(this: Uint8Array, options: Parameters<Uint8Array['toBase64']>[0] = {}): string {
  const text = Buffer.from(this).toString('base64')
  const isUrl = options.alphabet === 'base64url'
  const chosen = isUrl ? text.replaceAll('+', '-').replaceAll('/', '_') : text
  return options.omitPadding ? chosen.replaceAll('=', '') : chosen
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (!/^([\da-f]{2})*$/i.test(text)) throw new SyntaxError('not hex')
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

function toHex(this: Uint8Array): string {
  return Buffer.from(this).toString('hex')
}
