/** What backends can do, over real HTTP and real RPC, with a WeChat that checks what it receives. */

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, SERVICE_KEY, startBackend } from '../support/backend'
import { send } from '../support/environment'
import { KEY_INFO, SESSION_KEY } from '../support/recording-wechat'

let backend: Backend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.close())

const post = (path: string, body: object) =>
  send(backend.url, 'POST', path, { token: SERVICE_KEY, body })

describe('the session_key services', () => {
  it('POST /session-key/sign and sign return the HMAC-SHA256 of the text under the session_key', async () => {
    const token = await backend.logIn()
    const text = '{"offerId":"1","金额":1}'
    const signature = createHmac('sha256', SESSION_KEY).update(text).digest('hex')
    const { status, answer } = await post('/session-key/sign', { token, text })
    expect([status, answer]).toEqual([200, { signature }])
    expect(await backend.call('sign', token, text)).toEqual({ ok: true, signature })
  })

  it('POST /session-key/encryption-keys and encryptionKeys return the keys that WeChat has for the user', async () => {
    const token = await backend.logIn()
    const { encrypt_key, iv, version, expire_in, create_time } = KEY_INFO
    const key = {
      encryptKey: encrypt_key,
      iv,
      version,
      expiresIn: expire_in,
      createdAt: create_time,
    }
    const { status, answer } = await post('/session-key/encryption-keys', { token })
    expect([status, answer]).toEqual([200, { keys: [key] }])
    expect(await backend.call('encryptionKeys', token)).toEqual({ ok: true, keys: [key] })
  })
})

describe('revocation', () => {
  it('POST /revoke and revoke end the session of a token, and any other token is no error', async () => {
    const [first, second] = [await backend.logIn(), await backend.logIn()]
    const revoke = (token: string) =>
      send(backend.url, 'POST', '/revoke', {
        token: SERVICE_KEY,
        body: new URLSearchParams({ token }),
      })
    expect(await revoke(first)).toMatchObject({ status: 200, answer: {} })
    expect(await backend.fetchStatus(first)).toBe(401)
    expect(await backend.fetchStatus(second)).toBe(200)
    for (const token of [first, 'nonsense']) expect((await revoke(token)).status).toBe(200)
    expect(await backend.call('revoke', second)).toEqual({ ok: true })
    expect(await backend.call('revoke', second)).toEqual({ ok: true })
    expect(await backend.fetchStatus(second)).toBe(401)
  })
})
