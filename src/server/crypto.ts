/**
 * Web Crypto in the server's own process. Node hands each operation to a pool of threads, which takes
 * ten times as long as to hash a text or to open a record, so those run at once.
 */

import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  type KeyObject,
} from 'node:crypto'

/** Longer data is worth a thread, in bytes. */
const LONGEST = 16 * 1024

const HASHES = new Map<unknown, string>([
  ['SHA-256', 'sha256'],
  ['SHA-1', 'sha1'],
])

/** In bytes. Without it, Node takes a shorter tag for one. */
const TAG = { authTagLength: 16 }

/** Keys in the form that the operations below take. */
const secrets = new WeakMap<CryptoKey, KeyObject>()

type Algorithm = Parameters<SubtleCrypto['encrypt']>[0]

/** Replaces what sessions and open data need. Node keeps all other operations, and longer data. */
export function installCrypto(): void {
  const { prototype } = SubtleCrypto
  const { importKey, digest, encrypt, decrypt } = prototype

  prototype.importKey = async function (...args) {
    const key = await importKey.apply(this, args)
    const [format, bytes] = args
    if (format === 'raw' && bytes instanceof Uint8Array) secrets.set(key, createSecretKey(bytes))
    return key
  }
  prototype.digest = async function (algorithm, data) {
    const name = HASHES.get(algorithm)
    if (!name || !isShort(data)) return digest.call(this, algorithm, data)
    return join([hash(name, data, 'buffer')])
  }
  prototype.encrypt = async function (algorithm, key, data) {
    const aes = findAes(algorithm, key, 'encrypt')
    if (!aes?.additionalData || !isShort(data)) return encrypt.call(this, algorithm, key, data)
    const cipher = createCipheriv(aes.type, aes.secret, aes.iv, TAG)
    cipher.setAAD(aes.additionalData)
    return join([cipher.update(data), cipher.final(), cipher.getAuthTag()])
  }
  prototype.decrypt = async function (algorithm, key, data) {
    const aes = findAes(algorithm, key, 'decrypt')
    if (!aes || !isShort(data)) return decrypt.call(this, algorithm, key, data)
    try {
      const decipher = createDecipheriv(aes.type, aes.secret, aes.iv, TAG)
      const end = data.length - (aes.additionalData ? TAG.authTagLength : 0)
      if (aes.additionalData) decipher.setAAD(aes.additionalData).setAuthTag(data.subarray(end))
      return join([decipher.update(data.subarray(0, end)), decipher.final()])
    } catch {
      throw new DOMException('The operation failed', 'OperationError')
    }
  }
}

/** AES-GCM with additional data and a whole tag, or AES-CBC; `null` for anything else. */
function findAes(algorithm: Algorithm, key: CryptoKey, usage: string) {
  const secret = secrets.get(key)
  if (!secret || !key.usages.includes(usage) || typeof algorithm === 'string') return null
  const { name, iv, additionalData = null, tagLength } = algorithm
  const isGcm = name === 'AES-GCM' && additionalData instanceof Uint8Array && !tagLength
  if (name !== key.algorithm.name || !(isGcm || name === 'AES-CBC')) return null
  if (!(iv instanceof Uint8Array)) return null
  const bits = (secret.symmetricKeySize ?? 0) * 8
  const type = `aes-${bits}-${isGcm ? 'gcm' : 'cbc'}` as CipherGCMTypes
  return { type, secret, iv, additionalData: isGcm ? additionalData : null }
}

function isShort(data: ArrayBuffer | ArrayBufferView): data is Uint8Array {
  return data instanceof Uint8Array && data.length <= LONGEST
}

function join(parts: readonly Uint8Array[]): ArrayBuffer {
  return Uint8Array.from(Buffer.concat(parts)).buffer
}
