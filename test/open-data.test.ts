import { beforeEach, describe, expect, it } from 'vitest'
import { encryptOpenData, encryptText, signRawData } from '../sandbox/encrypt'
import { openEncryptedData, verifySignedData } from '../src/login/wechat/open-data'
import { type ProblemBody, useTestApp } from './support/app'
import { ENCRYPTED, SIGNED } from './support/vectors'

const KEY = 'HyVFkGl5F5OQWJZZaNzBBg=='
const OPENID = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'
const APPID = 'wx4f4bc4dec97d474b'

const app = useTestApp()
let token: string

/** Starts a session with this openid and session_key. */
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
  it("WeChat's published example of rawData and signature verifies", async () => {
    const { rawData, signature, session_key } = SIGNED
    const data = await verifySignedData({ rawData, signature }, [session_key])
    expect(data).toEqual(JSON.parse(rawData))
    expect(await post('verify', { rawData, signature })).toEqual([200, { data }])
  })

  it("WeChat's published example of encryptedData and iv opens", async () => {
    const { session_key, timestamp: now, data } = ENCRYPTED
    const expected = { ...ENCRYPTED, keys: [session_key], maxAge: 300, now }
    expect(await openEncryptedData(ENCRYPTED, expected)).toEqual({ data, timestamp: now })
  })

  it("POST /open-data/decrypt returns WeChat's example without openId, unionId and watermark", async () => {
    await loginWith(ENCRYPTED, { OPEN_DATA_MAX_AGE: '999999999' })
    const { encryptedData, iv, data } = ENCRYPTED
    const answer = { data, timestamp: '2016-10-24T13:03:07.000Z' }
    expect(await post('decrypt', { encryptedData, iv })).toEqual([200, answer])
  })
})

describe('POST /open-data/verify', () => {
  it('POST /open-data/verify accepts a signature in upper-case hex', async () => {
    const { rawData, signature } = SIGNED
    expect((await post('verify', { rawData, signature: signature.toUpperCase() }))[0]).toBe(200)
  })

  it('A wrong signature of up to 128 characters is session_key_stale, and a longer one is invalid_request', async () => {
    const { rawData, signature } = SIGNED
    const padded = (length: number) => ({ rawData, signature: signature.padEnd(length, '0') })
    expect(await post('verify', padded(128))).toEqual([409, 'session_key_stale'])
    expect(await post('verify', padded(129))).toEqual([400, 'invalid_request'])
  })

  it('POST /open-data/verify answers session_key_stale if rawData, signature or key differ', async () => {
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

  it('POST /open-data/verify verifies text outside ASCII as it was sent', async () => {
    const rawData = '{"nickName":"微信用户 😀 é"}'
    const signature = await signRawData(rawData, KEY)
    expect(await post('verify', { rawData, signature })).toEqual([
      200,
      { data: { nickName: '微信用户 😀 é' } },
    ])
  })

  it('POST /open-data/verify reads rawData with raw control characters in its texts', async () => {
    const rawData = '{"nickName":"\u0014琦","city":"\b"}'
    const body = { rawData, signature: await signRawData(rawData, KEY) }
    const data = { nickName: '\u0014琦', city: '\b' }
    expect(await post('verify', body)).toEqual([200, { data }])
  })

  it.each([
    ['is stringified twice', (text: string) => JSON.stringify(text)],
    ['is stringified twice', (text: string) => JSON.stringify(text).slice(1, -1)],
    ['is URL-encoded', encodeURIComponent],
    ['is URL-encoded', (text: string) => encodeURIComponent(JSON.stringify(text))],
    ['is URL-encoded', (text: string) => encodeURIComponent(encodeURIComponent(text))],
    ['is escaped as HTML', (text: string) => text.replaceAll('"', '&quot;')],
    ['is escaped as HTML', (text: string) => JSON.stringify(text).replaceAll('"', '&#34;')],
  ])('rawData that %s is named as such once its signature has failed', async (fault, change) => {
    const { rawData, signature } = SIGNED
    const encrypted = await encryptOpenData(watermarked({}), KEY)
    for (const [path, others] of [
      ['verify', {}],
      ['decrypt', encrypted],
    ] as const) {
      const body = { ...others, rawData: change(rawData), signature }
      const response = await app.send('POST', `/open-data/${path}`, { token, body })
      const { code, errors } = await response.json<ProblemBody>()
      const message = `${fault}; send the text as wx returned it`
      expect([code, errors]).toEqual(['invalid_request', [{ path: 'rawData', message }]])
    }
  })

  it('rawData that only looks changed verifies by its signature, and is stale without one', async () => {
    for (const rawData of ['"{}"', '{"nickName":"&quot;%7B"}', '{"a":"\\"\\""}']) {
      const signature = await signRawData(rawData, KEY)
      expect(await post('verify', { rawData, signature })).toEqual([
        200,
        { data: JSON.parse(rawData) },
      ])
    }
    const body = { rawData: '{"nickName":"&quot;%7B\\""}', signature: SIGNED.signature }
    expect(await post('verify', body)).toEqual([409, 'session_key_stale'])
  })

  it('POST /open-data/verify refuses signed text that is not JSON', async () => {
    const signature = await signRawData('[object Object]', KEY)
    const body = { rawData: '[object Object]', signature }
    expect(await post('verify', body)).toEqual([400, 'invalid_request'])
  })
})

describe('POST /open-data/decrypt', () => {
  it('POST /open-data/decrypt returns the plaintext and the time of its watermark', async () => {
    const body = await encryptOpenData(watermarked({ stepInfoList: [{ step: 100 }] }), KEY)
    const timestamp = new Date(app.clock.now * 1000).toISOString()
    const data = { stepInfoList: [{ step: 100 }] }
    expect(await post('decrypt', body)).toEqual([200, { data, timestamp }])
  })

  it('POST /open-data/decrypt reads a plaintext with raw control characters in its texts', async () => {
    const { now } = app.clock
    const body = await encryptText(
      `{"openId":"${OPENID}","nickName":"\u0014琦","city":"\b","watermark":{"timestamp":${now},"appid":"${APPID}"}}`,
      KEY,
    )
    const data = { nickName: '\u0014琦', city: '\b' }
    expect(await post('decrypt', body)).toMatchObject([200, { data }])
  })

  it('POST /open-data/decrypt escapes line separators, with which some phones do not parse an answer', async () => {
    const data = { nickName: 'a\u2028b\u2029' }
    const body = await encryptOpenData(watermarked(data), KEY)
    const text = await (await app.send('POST', '/open-data/decrypt', { token, body })).text()
    expect(text).toContain('"nickName":"a\\u2028b\\u2029"')
    expect(JSON.parse(text)).toMatchObject({ data })
  })

  it('POST /open-data/decrypt verifies rawData first if the body has it', async () => {
    const { rawData, signature } = SIGNED
    const encrypted = await encryptOpenData(watermarked({ openId: OPENID }), KEY)
    expect(await post('decrypt', { ...encrypted, rawData, signature })).toMatchObject([200, {}])
    const forged = { ...encrypted, rawData: '{}', signature }
    expect(await post('decrypt', forged)).toEqual([409, 'session_key_stale'])
  })

  it('POST /open-data/decrypt refuses rawData without signature and signature without rawData', async () => {
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

  it('POST /open-data/decrypt answers the same for bad padding, no JSON, no object and no watermark', async () => {
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

  it('POST /open-data/decrypt refuses the data of another mini program and of another user', async () => {
    const app = await encryptOpenData(watermarked({}, { appid: 'wx0000000000000000' }), KEY)
    expect(await post('decrypt', app)).toEqual([422, 'watermark_mismatch'])
    const user = await encryptOpenData(watermarked({ openId: 'oSomebodyElse' }), KEY)
    expect(await post('decrypt', user)).toEqual([422, 'openid_mismatch'])
  })

  it('POST /open-data/decrypt accepts data up to OPEN_DATA_MAX_AGE old and up to a minute ahead', async () => {
    const answerAt = async (offset: number) => {
      const watermark = { timestamp: app.clock.now + offset }
      return (await post('decrypt', await encryptOpenData(watermarked({}, watermark), KEY)))[0]
    }
    expect(await answerAt(-300)).toBe(200)
    expect(await answerAt(-301)).toBe(422)
    expect(await answerAt(60)).toBe(200)
    expect(await answerAt(61)).toBe(422)
  })

  it('POST /open-data/decrypt names the field that is not base64 of the right size', async () => {
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

  /** The messages about data of so many bytes of plaintext after this change to each of its texts. */
  async function messagesAfter(change: (text: string) => string, length: number) {
    const { encryptedData, iv } = await encryptText('x'.repeat(length), KEY)
    const body = { encryptedData: change(encryptedData), iv: change(iv) }
    const response = await app.send('POST', '/open-data/decrypt', { token, body })
    expect(response.status).toBe(400)
    return (await response.json<ProblemBody>()).errors
  }
  const twice = (text: string) => new TextEncoder().encode(text).toBase64()
  const bothFields = (message: string) => ['encryptedData', 'iv'].map((path) => ({ path, message }))

  it('POST /open-data/decrypt takes no bytes of ASCII for base64 that is encoded twice', async () => {
    const [encryptedData, iv] = [btoa('!'.repeat(16)), btoa('?'.repeat(16))]
    expect(await post('decrypt', { encryptedData, iv })).toEqual([409, 'session_key_stale'])
  })

  // Some of these texts, encoded twice, have a length that ciphertext can have, too.
  it.each([1, 32, 47, 64, 80, 95, 500])(
    'POST /open-data/decrypt names base64 that is encoded twice, for a plaintext of %i bytes',
    async (length) => {
      const errors = bothFields('is base64 twice; send the value as wx returned it')
      expect(await messagesAfter(twice, length)).toEqual(errors)
    },
  )

  it.each([1, 32, 47, 64, 80, 95, 500])(
    'POST /open-data/decrypt names base64 that is URL-encoded, for a plaintext of %i bytes',
    async (length) => {
      // An iv ends in ==, and a + or / is sure in ciphertext only where it is put there.
      const encode = (text: string) => encodeURIComponent(text.replace(/^./, '/'))
      const errors = bothFields('is URL-encoded; send the value as wx returned it')
      expect(await messagesAfter(encode, length)).toEqual(errors)
      expect(await messagesAfter((text) => encode(encode(text)), length)).toEqual(errors)
    },
  )

  it('POST /open-data/decrypt says which fault an unescaped + is', async () => {
    const spaced = (text: string) => text.replace(/^./, ' ')
    const errors = await messagesAfter(spaced, 64)
    expect(errors).toHaveLength(2)
    for (const { message } of errors ?? []) expect(message).toContain('an unescaped +')
  })
})
