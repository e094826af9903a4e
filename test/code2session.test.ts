import { describe, expect, it } from 'vitest'
import { readResponse } from '../src/login/wechat/api'
import { code2SessionRequest, processCode2SessionResponse } from '../src/login/wechat/code2session'

const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='

const process = async (body: string, init?: ResponseInit) =>
  processCode2SessionResponse(await readResponse(new Response(body, init), 'wx1'))

describe('the request', () => {
  it('code2SessionRequest has the path and the four parameters of the documentation', () => {
    expect(code2SessionRequest({ appid: 'wx1', appsecret: 's1' }, 'a&b')).toEqual({
      path: '/sns/jscode2session',
      query: { appid: 'wx1', secret: 's1', js_code: 'a&b', grant_type: 'authorization_code' },
      isRepeatable: true,
    })
  })
})

describe('the answer', () => {
  const user = { appid: 'wx1', openid: 'o1', unionid: null, session_key }

  it.each([
    ['without errcode', `{"openid":"o1","session_key":"${session_key}"}`],
    ['with errcode 0', `{"errcode":0,"errmsg":"","openid":"o1","session_key":"${session_key}"}`],
    ['with a BOM', `\uFEFF{"openid":"o1","session_key":"${session_key}"}`],
    ['with an empty unionid', `{"openid":"o1","unionid":"","session_key":"${session_key}"}`],
    [
      'of 2017, with expires_in',
      `{"openid":"o1","session_key":"${session_key}","expires_in":7200}`,
    ],
  ])('An answer %s is read as a user, whatever its Content-Type', async (_, body) => {
    for (const type of ['text/plain', 'application/json', 'text/html', '']) {
      expect(await process(body, { headers: { 'Content-Type': type } })).toEqual(user)
    }
  })

  it('An answer whose texts hold raw control characters is read', async () => {
    const body = `{"openid":"o1","session_key":"${session_key}","unionid":"u\u0014\n"}`
    expect((await process(body)).unionid).toBe('u\u0014\n')
  })

  it('Escaped slashes in a session_key are decoded', async () => {
    const answer = await process(
      '{"openid":"o1","session_key":"\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/\\/w=="}',
    )
    expect(answer.session_key).toBe('/////////////////////w==')
  })

  it.each(['AA==', 'HyVFkGl5F5OQWJZZ', 'AAAAAAAAAAAAAAAAAAAAAAA=', 'A'.repeat(64)])(
    'A session_key of an unusual length is read as it is: %s',
    async (session_key) => {
      expect(await process(JSON.stringify({ openid: 'o1', session_key }))).toMatchObject({
        session_key,
      })
    },
  )

  it('A unionid is read if the answer has one', async () => {
    const body = `{"openid":"o1","unionid":"u1","session_key":"${session_key}"}`
    expect((await process(body)).unionid).toBe('u1')
  })

  it.each([
    ['an openid that is empty', `{"openid":"","session_key":"${session_key}"}`],
    ['an openid that is a number', `{"openid":1,"session_key":"${session_key}"}`],
    ['no session_key', '{"openid":"o1"}'],
    ['an empty session_key', '{"openid":"o1","session_key":""}'],
    ['a session_key that is not base64', '{"openid":"o1","session_key":"not base64"}'],
    ['a session_key without padding', '{"openid":"o1","session_key":"HyVFkGl5F5OQWJZZaNzBBg"}'],
    ['an errcode that is text', `{"errcode":"no","openid":"o1","session_key":"${session_key}"}`],
  ])('An answer with %s is refused with wechat_unavailable', async (_, body) => {
    await expect(process(body)).rejects.toMatchObject({ code: 'wechat_unavailable' })
  })

  it('An answer with a status of 5xx or a redirect is refused with wechat_unavailable', async () => {
    for (const status of [500, 504, 301]) {
      const body = `{"openid":"o1","session_key":"${session_key}"}`
      await expect(process(body, { status })).rejects.toMatchObject({ code: 'wechat_unavailable' })
    }
  })

  it('An answer with a status of 5xx is cancelled unread', async () => {
    let isCancelled = false
    const body = new ReadableStream({
      cancel: () => {
        isCancelled = true
      },
    })
    await expect(readResponse(new Response(body, { status: 500 }), 'wx1')).rejects.toThrow()
    expect(isCancelled).toBe(true)
  })

  it('An answer of 64 KiB is read, and one of a byte more is not', async () => {
    const body = `{"openid":"o1","session_key":"${session_key}"}`
    expect(await process(body.padEnd(65_536))).toEqual(user)
    await expect(process(body.padEnd(65_537))).rejects.toThrow()
  })

  it('An endless answer is read up to 64 KiB', async () => {
    let chunks = 0
    const endless = new ReadableStream({
      pull: (controller) => {
        chunks++
        controller.enqueue(new Uint8Array(1024))
      },
    })
    await expect(readResponse(new Response(endless), 'wx1')).rejects.toMatchObject({
      code: 'wechat_unavailable',
    })
    expect(chunks).toBeLessThan(70)
  })
})
