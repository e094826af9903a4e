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

  it('openEnvelope() is null for what is no ciphertext, or has not the header or the length of a message', async () => {
    const block = 'Uw+K+8dFNrmpY7TxxMtziw==' // 15 bytes of plaintext
    const envelopes = ['', 'AAAA', '?', block, await seal('', 15), await seal('message', 15)]
    for (const envelope of envelopes) expect(await openEnvelope(envelope, AES_KEY)).toBeNull()
  })
})
