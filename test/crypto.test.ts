import { env } from 'cloudflare:workers'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deriveSealingKey, importSealingKey, seal, unseal } from '../src/lib/crypto'
import { parseUtf8, utf8 } from '../src/lib/encoding'
import { useTestApp } from './support/app'

const app = useTestApp()

const BYTES = Uint8Array.from({ length: 32 }, (_, index) => index)

/** Opens sealed bytes as the storage schema describes them, with another implementation. */
function openAsDocumented(
  sealed: ArrayBuffer,
  { secret, info, additionalData }: { secret: string; info: string; additionalData: string },
): string {
  const bytes = Buffer.from(sealed)
  const key = Buffer.from(hkdfSync('sha256', secret, '', info, 32))
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAAD(Buffer.from(additionalData))
  decipher.setAuthTag(bytes.subarray(-16))
  return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
}

describe('an access_token record', () => {
  it('An access_token record opens with the AppSecret and not with the appid', async () => {
    const { token } = await app.login()
    await app.send('POST', '/session/check', { token })
    const name = `access_token:${env.WECHAT_APPID}`
    const value = (await env.SESSIONS.get(name, 'arrayBuffer')) ?? new ArrayBuffer()
    const options = { info: 'code2session access_token', additionalData: name }
    const plaintext = openAsDocumented(value, { secret: env.WECHAT_APPSECRET, ...options })
    expect(JSON.parse(plaintext)).toEqual({
      access_token: expect.any(String),
      expiresAt: app.clock.now + 7200,
    })
    for (const secret of [env.WECHAT_APPID, name, '']) {
      const key = await deriveSealingKey(utf8(secret), options.info)
      expect(await unseal(new Uint8Array(value), { key, additionalData: name })).toBeNull()
    }
  })
})

describe('sealed text', () => {
  const additionalData = 'here'
  const options = async () => ({ key: await importSealingKey(BYTES), additionalData })

  it('Sealed text opens with the same key and additional data only', async () => {
    const { key } = await options()
    const sealed = await seal('text', { key, additionalData })
    expect(await unseal(sealed, { key, additionalData })).toBe('text')
    expect(await unseal(sealed, { key, additionalData: 'there' })).toBeNull()
    const other = await importSealingKey(BYTES.map((byte) => byte ^ 1))
    expect(await unseal(sealed, { key: other, additionalData })).toBeNull()
  })

  it('A derived key depends on the secret and on info', async () => {
    const key = await deriveSealingKey(utf8('a'.repeat(43)), 'test')
    const sealed = await seal('text', { key, additionalData })
    const again = await deriveSealingKey(utf8('a'.repeat(43)), 'test')
    expect(await unseal(sealed, { key: again, additionalData })).toBe('text')
    for (const [secret, info] of [
      ['b'.repeat(43), 'test'],
      ['a'.repeat(43), 'rest'],
    ] as const) {
      const other = await deriveSealingKey(utf8(secret), info)
      expect(await unseal(sealed, { key: other, additionalData })).toBeNull()
    }
  })

  it('Keys cannot be exported', async () => {
    const keys = [
      await deriveSealingKey(utf8('a'.repeat(43)), 'test'),
      await importSealingKey(BYTES),
    ]
    expect(keys.map(({ extractable }) => extractable)).toEqual([false, false])
  })

  it('The same text is sealed under the same key with another nonce each time', async () => {
    const same = await options()
    const sealed = await Promise.all(Array.from({ length: 50 }, () => seal('text', same)))
    const nonces = sealed.map((bytes) => bytes.subarray(0, 12).toHex())
    expect(new Set(nonces).size).toBe(50)
  })

  it('Sealed text that is cut short does not open', async () => {
    const same = await options()
    const sealed = await seal('text', same)
    for (let length = 0; length < sealed.length; length++) {
      expect(await unseal(sealed.subarray(0, length), same)).toBeNull()
    }
  })
})

describe('UTF-8', () => {
  it('parseUtf8 returns null for bytes that are not UTF-8', () => {
    expect(parseUtf8(new Uint8Array([0xe5, 0xbe, 0xae]))).toBe('微')
    expect(parseUtf8(new Uint8Array([0xe5, 0xbe]))).toBeNull()
    expect(parseUtf8(new Uint8Array([0xff]))).toBeNull()
  })
})
