/** Web Crypto in the server's own process: what Node's own answers, and what it refuses. */

import { beforeAll, describe, expect, it } from 'vitest'
import { installCrypto } from '../../src/server/crypto'

const { digest, encrypt, decrypt } = SubtleCrypto.prototype
const NODES = { digest, encrypt, decrypt }

/** The operations that Node's own has been called for. */
const handed: string[] = []

beforeAll(() => {
  for (const [name, method] of Object.entries(NODES)) {
    Reflect.set(SubtleCrypto.prototype, name, function (this: SubtleCrypto, ...args: unknown[]) {
      handed.push(name)
      return Reflect.apply(method, this, args)
    })
  }
  installCrypto()
})

/** What both say to the same arguments: hex, or the name of the error. */
function askBoth(name: keyof typeof NODES, ...args: unknown[]): Promise<[string, string]> {
  const ask = async (method: unknown) => {
    const asked: Promise<ArrayBuffer> = Reflect.apply(method as () => never, crypto.subtle, args)
    return asked.then((bytes) => Buffer.from(bytes).toString('hex')).catch(({ name }) => name)
  }
  return Promise.all([ask(NODES[name]), ask(SubtleCrypto.prototype[name])])
}

const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))
const importKey = (
  name: string,
  length: number,
  usages: ('encrypt' | 'decrypt')[] = ['encrypt', 'decrypt'],
) => crypto.subtle.importKey('raw', bytes(length), name, false, usages)

describe("the server's Web Crypto", () => {
  it('Digests are those of Node, whatever the algorithm and the length', async () => {
    for (const algorithm of ['SHA-256', 'SHA-1', 'SHA-384', { name: 'SHA-256' }, 'none']) {
      for (const length of [0, 300, 65_536]) {
        const [expected, actual] = await askBoth('digest', algorithm, bytes(length))
        expect(actual).toBe(expected)
      }
    }
  })

  it.each([
    ['AES-GCM', 32, { iv: bytes(12), additionalData: bytes(70) }],
    ['AES-GCM', 16, { iv: bytes(12), additionalData: bytes(0) }],
    ['AES-GCM', 32, { iv: bytes(16), additionalData: bytes(70), tagLength: 96 }],
    ['AES-GCM', 32, { iv: bytes(12) }],
    ['AES-CBC', 16, { iv: bytes(16) }],
    ['AES-CBC', 32, { iv: bytes(16), additionalData: bytes(9) }],
    ['AES-CBC', 32, { iv: bytes(16) }],
    ['AES-CBC', 24, { iv: bytes(15) }],
  ])('%s with a key of %d bytes and %o does what Node does', async (name, length, parameters) => {
    const algorithm = { name, ...parameters }
    const key = await importKey(name, length)
    for (const length of [0, 300, 65_536]) {
      const [expected, sealed] = await askBoth('encrypt', algorithm, key, bytes(length))
      expect(sealed).toBe(expected)
      const whole = Uint8Array.from(Buffer.from(sealed, 'hex'))
      const altered = whole.map((byte, index) => byte ^ Number(index === whole.length - 1))
      for (const data of [whole, altered, whole.subarray(0, 12), whole.subarray(1), bytes(32)]) {
        const [expected, opened] = await askBoth('decrypt', algorithm, key, data)
        expect(opened).toBe(expected)
      }
    }
  })

  it('What sessions and open data need is not handed to the threads of Node', async () => {
    const gcm = { name: 'AES-GCM', iv: bytes(12), additionalData: bytes(9) }
    const cbc = { name: 'AES-CBC', iv: bytes(16) }
    const [record, open] = [await importKey('AES-GCM', 32), await importKey('AES-CBC', 16)]
    const data = await crypto.subtle.encrypt(cbc, open, bytes(9))
    handed.length = 0
    for (const algorithm of ['SHA-256', 'SHA-1']) await crypto.subtle.digest(algorithm, bytes(9))
    const sealed = await crypto.subtle.encrypt(gcm, record, bytes(9))
    await crypto.subtle.decrypt(gcm, record, new Uint8Array(sealed))
    await crypto.subtle.decrypt(cbc, open, new Uint8Array(data))
    expect(handed).toEqual([])
  })

  it('A key opens nothing that it may not open in Node', async () => {
    const gcm = { name: 'AES-GCM', iv: bytes(12), additionalData: bytes(9) }
    const cbc = { name: 'AES-CBC', iv: bytes(16) }
    const keys = [await importKey('AES-GCM', 32, ['encrypt']), await importKey('AES-CBC', 32)]
    for (const algorithm of [gcm, cbc, 'AES-GCM']) {
      for (const key of keys) {
        const [expected, actual] = await askBoth('decrypt', algorithm, key, bytes(64))
        expect(actual).toBe(expected)
      }
    }
  })
})
