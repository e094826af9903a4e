/**
 * Web Crypto in the server's own process. Node hands each operation to a pool of threads, which takes
 * ten times as long as to hash a text or to open a record, so those run at once.
 */

import * as node from 'node:crypto'
import { concat } from '../lib/bytes'

/** In bytes. Without it, Node takes a shorter tag for one. */
const TAG = { authTagLength: 16 }

/** The keys as node:crypto takes them. To make one of a CryptoKey is deprecated. */
const secrets = new WeakMap<CryptoKey, node.KeyObject>()

/** Replaces what sessions and open data need, whose data is short. Node keeps all other operations. */
export function installCrypto(): void {
  const { prototype } = SubtleCrypto
  const { importKey, digest, encrypt, decrypt } = prototype

  prototype.importKey = async function (...args) {
    const key = await importKey.apply(this, args)
    const [, bytes] = args
    if (bytes instanceof Uint8Array) secrets.set(key, node.createSecretKey(bytes))
    return key
  }
  prototype.digest = async function (algorithm, data) {
    const isKnown = algorithm === 'SHA-256' || algorithm === 'SHA-1'
    if (!isKnown || !isBytes(data)) return digest.call(this, algorithm, data)
    return concat([node.hash(algorithm, data, 'buffer')]).buffer
  }
  prototype.encrypt = async function (algorithm, key, data) {
    const aes = findAes(algorithm, key, 'encrypt')
    if (!aes?.additionalData || !isBytes(data)) return encrypt.call(this, algorithm, key, data)
    const cipher = node.createCipheriv(aes.type, aes.secret, aes.iv, TAG)
    cipher.setAAD(aes.additionalData)
    return concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]).buffer
  }
  prototype.decrypt = async function (algorithm, key, data) {
    const aes = findAes(algorithm, key, 'decrypt')
    if (!aes || !isBytes(data)) return decrypt.call(this, algorithm, key, data)
    try {
      const decipher = node.createDecipheriv(aes.type, aes.secret, aes.iv, TAG)
      const end = aes.additionalData ? -TAG.authTagLength : undefined
      if (aes.additionalData) decipher.setAAD(aes.additionalData).setAuthTag(data.subarray(end))
      return concat([decipher.update(data.subarray(0, end)), decipher.final()]).buffer
    } catch {
      throw new DOMException('The operation failed', 'OperationError')
    }
  }
}

const isBytes = (data: unknown): data is Uint8Array => data instanceof Uint8Array

/** AES-GCM with additional data and a whole tag, or AES-CBC; `null` for anything else. */
function findAes(algorithm: string | SubtleCryptoEncryptAlgorithm, key: CryptoKey, usage: string) {
  const secret = secrets.get(key)
  if (!secret || !key.usages.includes(usage) || typeof algorithm === 'string') return null
  const { name, iv, additionalData, tagLength } = algorithm
  if (name !== key.algorithm.name || !(iv instanceof Uint8Array)) return null
  const isGcm = name === 'AES-GCM' && additionalData instanceof Uint8Array && !tagLength
  if (!isGcm && name !== 'AES-CBC') return null
  const bits = Number(secret.symmetricKeySize) * 8
  const type = `aes-${bits}-${isGcm ? 'gcm' : 'cbc'}` as node.CipherGCMTypes
  return { type, secret, iv, additionalData: isGcm ? additionalData : null }
}
