import { beforeEach, describe, expect, it } from 'vitest'
import { encryptOpenData, encryptText, signRawData } from '../src/sandbox/encrypt'
import { openEncryptedData, verifySignedData } from '../src/wechat/open-data'
import { type OpenData, type ProblemBody, useTestApp } from './support/app'
import { ENCRYPTED, SIGNED } from './support/vectors'

const KEY = 'HyVFkGl5F5OQWJZZaNzBBg=='
const OPENID = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'
const APPID = 'wx4f4bc4dec97d474b'

const app = useTestApp()
let token: string

/** A session whose key and openid the test knows. */
async function loginWith(user: { openid: string; session_key: string }, settings = {}) {
  app.replace({ settings, fetch: async () => Response.json(user) })
  token = (await app.login()).token
}

beforeEach(() => loginWith({ openid: OPENID, session_key: KEY }))

async function post(path: 'verify' | 'decrypt', body: object): Promise<[number, unknown]> {
  const response = await app.send('POST', `/open-data/${path}`, { token, body })
  const answer = await response.json<ProblemBody>()
  return [response.status, response.ok ? answer : answer.code]
}

function watermarked(fields: object, watermark: object = {}) {
  return { ...fields, watermark: { appid: APPID, timestamp: app.clock.now, ...watermark } }
}

describe("WeChat's published examples", () => {
  it('verify: rawData with its signature', async () => {
    const { rawData, signature, session_key } = SIGNED
    const data = await verifySignedData({ rawData, signature }, [session_key])
    expect(data).toEqual(JSON.parse(rawData))
    expect(await post('verify', { rawData, signature })).toEqual([200, { data }])
  })

  it('open: encryptedData with its iv', async () => {
    const { appid, openid, session_key, timestamp, data } = ENCRYPTED
    const expected = { keys: [session_key], appid, openid, maxAge: 300, now: timestamp }
    expect(await openEncryptedData(ENCRYPTED, expected)).toEqual({ data, timestamp })
  })

  it('open over HTTP, without the openId, unionId and watermark inside', async () => {
    await loginWith(ENCRYPTED, { OPEN_DATA_MAX_AGE: '999999999' })
    const { encryptedData, iv, data } = ENCRYPTED
    const timestamp = '2016-10-24T13:03:07.000Z'
    expect(await post('decrypt', { encryptedData, iv })).toEqual([200, { data, timestamp }])
  })
})

describe('POST /open-data/verify', () => {
  it('takes a signature in upper-case hex', async () => {
    const { rawData, signature } = SIGNED
    expect((await post('verify', { rawData, signature: signature.toUpperCase() }))[0]).toBe(200)
  })

  it('takes a signature of up to 128 characters for a wrong one, and beyond for a mistake', async () => {
    const { rawData, signature } = SIGNED
    const padded = (length: number) => ({ rawData, signature: signature.padEnd(length, '0') })
    expect(await post('verify', padded(128))).toEqual([409, 'session_key_stale'])
    expect(await post('verify', padded(129))).toEqual([400, 'invalid_request'])
  })

  it('calls the session key stale when anything about the signature differs', async () => {
    const { rawData, signature } = SIGNED
    const wrong = [
      { rawData: rawData.replace('Band', 'Bind'), signature },
      { rawData: `${rawData} `, signature },
      { rawData, signature: signature.replace('7', '8') },
      { rawData, signature: 'not-hex' },
      { rawData, signature: await signRawData(rawData, 'tiihtNczf5v6AKRyjwEUhQ==') },
    ]
    for (const body of wrong) {
      expect(await post('verify', body)).toEqual([409, 'session_key_stale'])
    }
  })

  it('verifies text outside ASCII as it was sent', async () => {
    const rawData = '{"nickName":"微信用户 😀 é"}'
    const signature = await signRawData(rawData, KEY)
    expect(await post('verify', { rawData, signature })).toEqual([
      200,
      { data: { nickName: '微信用户 😀 é' } },
    ])
  })

  it('refuses signed text that is not JSON', async () => {
    const signature = await signRawData('[object Object]', KEY)
    const body = { rawData: '[object Object]', signature }
    expect(await post('verify', body)).toEqual([400, 'invalid_request'])
  })
})

describe('POST /open-data/decrypt', () => {
  it('gives the plaintext and the time of its watermark', async () => {
    const body = await encryptOpenData(watermarked({ stepInfoList: [{ step: 100 }] }), KEY)
    const timestamp = new Date(app.clock.now * 1000).toISOString()
    const data = { stepInfoList: [{ step: 100 }] }
    expect(await post('decrypt', body)).toEqual([200, { data, timestamp }])
  })

  it('verifies rawData first where it comes along', async () => {
    const { rawData, signature } = SIGNED
    const encrypted = await encryptOpenData(watermarked({ openId: OPENID }), KEY)
    expect(await post('decrypt', { ...encrypted, rawData, signature })).toMatchObject([200, {}])
    const forged = { ...encrypted, rawData: '{}', signature }
    expect(await post('decrypt', forged)).toEqual([409, 'session_key_stale'])
  })

  it('refuses rawData without signature, and signature without rawData', async () => {
    const { rawData, signature } = SIGNED
    const encrypted = await encryptOpenData(watermarked({}), KEY)
    const halves: [object, string][] = [
      [{ rawData }, 'signature'],
      [{ signature }, 'rawData'],
    ]
    for (const [half, path] of halves) {
      const body = { ...encrypted, ...half }
      const response = await app.send('POST', '/open-data/decrypt', { token, body })
      const { errors } = await response.json<ProblemBody>()
      expect([response.status, errors]).toEqual([400, [{ path, message: 'is missing' }]])
    }
  })

  it('gives one answer for bad padding, no JSON, no object and no watermark', async () => {
    const flipped = await encryptOpenData(watermarked({}), KEY)
    const lastBlock = Uint8Array.fromBase64(flipped.encryptedData)
    lastBlock[lastBlock.length - 1] = (lastBlock.at(-1) ?? 0) ^ 0xff
    const bodies = [
      { ...flipped, encryptedData: lastBlock.toBase64() },
      await encryptText('not JSON', KEY),
      await encryptText('[]', KEY),
      await encryptText('{"openId":"o"}', KEY),
      await encryptText('{"watermark":{"appid":"wx4f4bc4dec97d474b"}}', KEY),
      await encryptText('{"watermark":{"timestamp":1790000000}}', KEY),
      await encryptOpenData(watermarked({}), 'tiihtNczf5v6AKRyjwEUhQ=='),
    ]
    const answers = await Promise.all(
      bodies.map(async (body) => {
        const response = await app.send('POST', '/open-data/decrypt', { token, body })
        return [response.status, await response.text()]
      }),
    )
    expect(answers[0]).toEqual([409, expect.stringContaining('session_key_stale')])
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  it("refuses another app's data and another user's data", async () => {
    const app = await encryptOpenData(watermarked({}, { appid: 'wx0000000000000000' }), KEY)
    expect(await post('decrypt', app)).toEqual([422, 'watermark_mismatch'])
    const user = await encryptOpenData(watermarked({ openId: 'oSomebodyElse' }), KEY)
    expect(await post('decrypt', user)).toEqual([422, 'openid_mismatch'])
  })

  it('takes data of up to OPEN_DATA_MAX_AGE, and of up to a minute from the future', async () => {
    const answerAt = async (offset: number) => {
      const watermark = { timestamp: app.clock.now + offset }
      return (await post('decrypt', await encryptOpenData(watermarked({}, watermark), KEY)))[0]
    }
    expect(await answerAt(-300)).toBe(200)
    expect(await answerAt(-301)).toBe(422)
    expect(await answerAt(60)).toBe(200)
    expect(await answerAt(61)).toBe(422)
  })

  it('refuses what is not base64 of the right size, naming the field', async () => {
    const good = await encryptOpenData(watermarked({}), KEY)
    const wrong: [object, string][] = [
      [{ ...good, iv: undefined }, 'iv'],
      [{ ...good, iv: 16 }, 'iv'],
      [{ ...good, iv: 'AAAA' }, 'iv'],
      [{ ...good, iv: 'A'.repeat(22) }, 'iv'],
      [{ ...good, encryptedData: '' }, 'encryptedData'],
      [{ ...good, encryptedData: 'AAAA' }, 'encryptedData'],
      [{ ...good, encryptedData: good.encryptedData.replace(/.$/, '*') }, 'encryptedData'],
      [{ ...good, encryptedData: ` ${good.encryptedData.slice(1)}` }, 'encryptedData'],
    ]
    for (const [body, path] of wrong) {
      const response = await app.send('POST', '/open-data/decrypt', { token, body })
      const problem = await response.json<ProblemBody>()
      expect([problem.code, problem.errors?.map((error) => error.path)]).toEqual([
        'invalid_request',
        [path],
      ])
    }
  })
})

describe('the key before a login', () => {
  /** A login, data on the phone, then a login that rotates the key, carrying the first session. */
  async function rotateAfterFetching(options: { carry: boolean }): Promise<OpenData> {
    app.replace({ settings: { OPEN_DATA_MAX_AGE: '3600' } })
    const before = await app.login()
    const data = await app.press<OpenData>('wx.getUserInfo')
    const carried = options.carry ? { token: before.token } : {}
    token = (await app.login({ rotate: true, ...carried })).token
    return data
  }

  it('still opens and verifies data for 10 minutes', async () => {
    const data = await rotateAfterFetching({ carry: true })
    expect((await post('decrypt', data))[0]).toBe(200)
    expect((await post('verify', data))[0]).toBe(200)
    app.clock.now += 599
    expect((await post('decrypt', data))[0]).toBe(200)
    app.clock.now += 1
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
    expect(await post('verify', data)).toEqual([409, 'session_key_stale'])
  })

  it('does not hinder data under the new key', async () => {
    await rotateAfterFetching({ carry: true })
    const fresh = await app.press<OpenData>('wx.getUserInfo')
    expect((await post('decrypt', fresh))[0]).toBe(200)
  })

  it('is kept only by a login that carries the session it belongs to', async () => {
    const data = await rotateAfterFetching({ carry: false })
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it("is not kept from another user's session", async () => {
    app.replace()
    const alice = await app.login({ user: 'alice' })
    const data = await app.press<OpenData>('wx.getUserInfo', { user: 'alice' })
    token = (await app.login({ user: 'bob', token: alice.token })).token
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it('that is 10 minutes gone is not kept by a further login', async () => {
    const data = await rotateAfterFetching({ carry: true })
    app.clock.now += 600
    token = (await app.login({ token })).token
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })

  it('outlives a further login that does not rotate', async () => {
    const data = await rotateAfterFetching({ carry: true })
    app.clock.now += 300
    token = (await app.login({ token })).token
    expect((await post('decrypt', data))[0]).toBe(200)
    app.clock.now += 300
    expect(await post('decrypt', data)).toEqual([409, 'session_key_stale'])
  })
})
