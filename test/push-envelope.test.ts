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
