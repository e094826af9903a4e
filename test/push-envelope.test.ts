import { describe, expect, it } from 'vitest'
import { sealEnvelope, signPush } from '../sandbox/encrypt'
import { isPushSignature, openEnvelope } from '../src/login/wechat/push'
import { PUSH, SEALED } from './support/vectors'

describe("WeChat's published examples", () => {
  it("WeChat's published push in safe mode has a valid signature and opens", async () => {
    const { token, timestamp, nonce, Encrypt, msg_signature } = PUSH
    expect(await isPushSignature([token, timestamp, nonce, Encrypt], msg_signature)).toBe(true)
    expect(await openEnvelope(Encrypt, PUSH.encodingAESKey)).toEqual({
      message: PUSH.message,
      appid: PUSH.appid,
    })
  })

  it.each(SEALED)(
    'A published envelope seals and opens: %o',
    async ({ message, Encrypt, ...options }) => {
      expect(await sealEnvelope(message, options)).toBe(Encrypt)
      const { appid } = options
      expect(await openEnvelope(Encrypt, options.encodingAESKey)).toEqual({ message, appid })
    },
  )

  it.each(SEALED)('A published envelope has a valid signature: %o', async ({ signed, Encrypt }) => {
    const { token, timestamp, nonce, msg_signature } = signed
    expect(await signPush(token, timestamp, nonce, Encrypt)).toBe(msg_signature)
    expect(await isPushSignature([token, timestamp, nonce, Encrypt], msg_signature)).toBe(true)
  })
})

describe('openEnvelope()', () => {
  const AES_KEY = 'A'.repeat(43)
  const seal = (message: string, length: number) =>
    sealEnvelope(message, { appid: '', encodingAESKey: AES_KEY, random: 'r'.repeat(length) })

  it('openEnvelope() opens an envelope with an empty message', async () => {
    expect(await openEnvelope(await seal('', 16), AES_KEY)).toEqual({ message: '', appid: '' })
  })

  it('openEnvelope() takes a padding of 1 to 32 bytes that all say its length, and no other', async () => {
    const keyBytes = Uint8Array.fromBase64(`${AES_KEY}=`)
    const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-CBC', false, ['encrypt'])
    const openWith = async (padding: readonly number[]) => {
      const plaintext = new Uint8Array(64).fill(0x61, 20)
      plaintext.set(padding, 64 - padding.length)
      const algorithm = { name: 'AES-CBC', iv: keyBytes.slice(0, 16) }
      const sealed = await crypto.subtle.encrypt(algorithm, key, plaintext)
      return openEnvelope(new Uint8Array(sealed, 0, 64).toBase64(), AES_KEY)
    }
    for (const length of [1, 32]) {
      const appid = 'a'.repeat(44 - length)
      expect(await openWith(Array(length).fill(length))).toEqual({ message: '', appid })
    }
    for (const padding of [Array(33).fill(33), [3, 2, 3], [0]]) {
      expect(await openWith(padding)).toBeNull()
    }
  })

  it('openEnvelope() is null for what is no ciphertext, or has not the header or the length of a message', async () => {
    const block = 'Uw+K+8dFNrmpY7TxxMtziw==' // 15 bytes of plaintext
    const envelopes = ['', 'AAAA', '?', block, await seal('', 15), await seal('message', 15)]
    for (const envelope of envelopes) expect(await openEnvelope(envelope, AES_KEY)).toBeNull()
  })
})
