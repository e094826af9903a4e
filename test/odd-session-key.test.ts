import { expect, it } from 'vitest'
import { encryptOpenData, signRawData } from '../sandbox/encrypt'
import { useTestApp } from './support/app'

const app = useTestApp()

// AES takes keys of 24 and 32 bytes, too.
it.each([12, 17, 24, 32])(
  'A session_key of %i bytes logs in, and encrypted data is stale under it',
  async (length) => {
    const session_key = new Uint8Array(length).fill(7).toBase64()
    app.replace({ fetch: async () => Response.json({ openid: 'o1', session_key }) })
    const { token } = await app.login()
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
    const watermark = { appid: 'wx4f4bc4dec97d474b', timestamp: app.clock.now }
    const encrypted = await encryptOpenData({ watermark }, 'HyVFkGl5F5OQWJZZaNzBBg==')
    const opened = await app.send('POST', '/open-data/decrypt', { token, body: encrypted })
    expect(await opened.json()).toMatchObject({ status: 409, code: 'session_key_stale' })
    const body = { rawData: '{}', signature: await signRawData('{}', session_key) }
    const verified = await app.send('POST', '/open-data/verify', { token, body })
    expect([verified.status, await verified.json()]).toEqual([200, { data: {} }])
  },
)
