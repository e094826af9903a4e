import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const TOKEN_API = '/cgi-bin/stable_token'

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

/** Makes a call that needs an access_token. */
const check = () => app.send('POST', '/session/check', { token })

/** A WeChat that issues these access_tokens, one after the other, and answers other calls with this. */
function issuing(
  tokens: (asked: number) => object,
  answer: () => Response = () => Response.json({ errcode: 0 }),
) {
  const calls = { asked: 0, answered: 0 }
  const fetch = async ({ url }: Request) => {
    if (new URL(url).pathname === TOKEN_API) return Response.json(tokens(++calls.asked))
    calls.answered++
    return answer()
  }
  app.replace({ fetch })
  return calls
}

const toToken = (asked: number) => ({ access_token: `T${asked}`, expires_in: 7200 })
const stored = async () => (await env.SESSIONS.list({ prefix: 'access_token:' })).keys.length

describe('what counts as an access_token', () => {
  it.each([
    ['empty', ''],
    ['longer than 2,048 characters', 'x'.repeat(2049)],
    ['not ASCII', 'tökèn'],
    ['not printable', 'token\r\n'],
    ['not text', 7],
  ])('An access_token that is %s is refused, and neither used nor stored', async (_, text) => {
    const calls = issuing(() => ({ access_token: text, expires_in: 7200 }))
    const problem = await (await check()).json<ProblemBody>()
    expect([problem.status, problem.code]).toEqual([502, 'wechat_unavailable'])
    expect([calls.answered, await stored()]).toEqual([0, 0])
    await check()
    expect(calls.asked).toBe(2)
  })

  it('An access_token of 2,048 printable characters is used and stored', async () => {
    issuing(() => ({ access_token: '~'.repeat(2048), expires_in: 7200 }))
    expect([(await check()).status, await stored()]).toEqual([200, 1])
  })

  it.each([7201, 2 ** 53 - 1])(
    'An expires_in of %d seconds is cut to two hours',
    async (expires_in) => {
      const calls = issuing((asked) => ({ ...toToken(asked), expires_in }))
      await check()
      app.clock.now += 7200 - 301
      await check()
      expect([calls.asked, await stored()]).toEqual([1, 1])
      app.clock.now += 1
      await check()
      expect(calls.asked).toBe(2)
    },
  )
})

describe("a call that WeChat's front end refuses without reading it", () => {
  const refuse = (status: number) => () => new Response('<html>', { status })
  const pass = () => app.send('GET', '/wechat/api/wxa/x', { token: SERVICE_KEY })

  it.each([400, 414, 431])(
    'HTTP status %i drops the access_token, in the isolate and in KV',
    async (status) => {
      for (const call of [check, pass]) {
        const calls = issuing(toToken, refuse(status))
        await call()
        expect([calls.asked, await stored()]).toEqual([1, 0])
        await call()
        expect(calls.asked).toBe(2)
        await env.SESSIONS.delete(`access_token:${APPID}`)
      }
    },
  )

  it('An access_token that was dropped is not taken from KV again, which may lag behind', async () => {
    const calls = issuing(toToken, refuse(414))
    await env.SESSIONS.delete(`access_token:${APPID}`)
    app.kv.failOnce('delete')
    await check()
    expect(await stored()).toBe(1)
    await check()
    expect(calls.asked).toBe(2)
    expect(app.warnings.join()).toContain('access_token not deleted: KV DELETE failed')
  })

  it('HTTP status 414 drops an access_token that has just replaced a rejected one', async () => {
    for (const call of [check, pass]) {
      const answers = [Response.json({ errcode: 40001 }), new Response('<html>', { status: 414 })]
      const calls = issuing(toToken, () => answers.shift() ?? Response.json({ errcode: 0 }))
      await call()
      expect([calls.asked, await stored()]).toEqual([2, 0])
    }
  })

  it('An access_token is dropped at most once in ten minutes', async () => {
    const calls = issuing(toToken, refuse(414))
    for (const [seconds, asked] of [
      [0, 1],
      [0, 2],
      [599, 2],
      [1, 2],
      [0, 3],
    ] as const) {
      app.clock.now += seconds
      await pass()
      expect(calls.asked).toBe(asked)
    }
  })

  it.each([
    ['404 without JSON', () => new Response('<html>', { status: 404 })],
    ['200 without JSON', () => new Response('<html>')],
    ['400 with an errcode', () => Response.json({ errcode: 47001 }, { status: 400 })],
    ['503', () => new Response('busy', { status: 503 })],
  ])('An answer of %s leaves the access_token alone', async (_, answer) => {
    for (const call of [check, pass]) {
      const calls = issuing(toToken, answer)
      await call()
      await call()
      expect([calls.asked, calls.answered, await stored()]).toEqual([1, 2, 1])
      await env.SESSIONS.delete(`access_token:${APPID}`)
    }
  })
})
