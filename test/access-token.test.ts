import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const TOKEN_API = '/cgi-bin/stable_token'
const CHECK_API = '/wxa/checksession'

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

/** Makes a call that needs an access_token. */
const check = () => app.send('POST', '/session/check', { token })

describe('the access_token', () => {
  it('The access_token is requested once and kept in the isolate', async () => {
    await check()
    await check()
    expect(app.sandbox.calls(TOKEN_API)).toBe(1)
  })

  it('Another isolate finds the access_token in KV', async () => {
    await check()
    app.restart()
    await check()
    expect(app.sandbox.calls(TOKEN_API)).toBe(1)
  })

  it('A dump of KV contains neither the access_token nor the AppSecret', async () => {
    let access_token = ''
    app.onCall(({ url }) => {
      access_token = new URL(url).searchParams.get('access_token') ?? access_token
    })
    await check()
    const { keys } = await env.SESSIONS.list({ prefix: 'access_token:' })
    expect(keys.map(({ name }) => name)).toEqual(['access_token:wx4f4bc4dec97d474b'])
    const value = await env.SESSIONS.get('access_token:wx4f4bc4dec97d474b', 'arrayBuffer')
    const dump = new TextDecoder('latin1').decode(value ?? new ArrayBuffer())
    expect(access_token).not.toBe('')
    expect(dump.length).toBeGreaterThan(access_token.length)
    for (const text of [access_token, access_token.slice(0, 16), env.WECHAT_APPSECRET]) {
      expect(dump).not.toContain(text)
    }
  })

  it('An access_token that was sealed with another AppSecret is not used', async () => {
    await check()
    const sealed = await env.SESSIONS.get('access_token:wx4f4bc4dec97d474b', 'arrayBuffer')
    app.replace({ apps: { wx4f4bc4dec97d474b: 'a-new-secret' }, settings: NEW_SECRET })
    await env.SESSIONS.put('access_token:wx4f4bc4dec97d474b', sealed ?? '')
    token = (await app.login()).token
    expect((await check()).status).toBe(200)
    expect(app.sandbox.calls(TOKEN_API)).toBe(1)
  })

  it('The access_token is renewed five minutes before it expires', async () => {
    await check()
    app.clock.now += 7200 - 301
    await check()
    expect(app.sandbox.calls(TOKEN_API)).toBe(1)
    app.clock.now += 1
    expect((await check()).status).toBe(200)
    expect(app.sandbox.calls(TOKEN_API)).toBe(2)
  })

  it.each([40001, 40014, 42001])(
    'Errcode %i renews the access_token and repeats the call once',
    async (errcode) => {
      await check()
      await app.press('end-access-tokens')
      await app.press('fail', { errcode, api: CHECK_API })
      expect((await check()).status).toBe(200)
      expect([app.sandbox.calls(TOKEN_API), app.sandbox.calls(CHECK_API)]).toEqual([2, 3])
    },
  )

  it('force_refresh is used only if WeChat returns the rejected access_token again', async () => {
    const forced: unknown[] = []
    app.onCall(async (request) => {
      if (new URL(request.url).pathname !== TOKEN_API) return
      forced.push((await request.json<{ force_refresh: boolean }>()).force_refresh)
    })
    await app.press('fail', { errcode: 40001, api: CHECK_API })
    expect((await check()).status).toBe(200)
    expect(forced).toEqual([false, false, true])
  })

  it('A call whose access_token is rejected twice fails with access_token_refused', async () => {
    await app.press('fail', { errcode: 40001, api: CHECK_API, times: 2 })
    const response = await check()
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({ code: 'access_token_refused', errcode: 40001 })
    expect(app.sandbox.calls(CHECK_API)).toBe(2)
  })

  it.each([
    [599, 1],
    [600, 2],
  ])('%i seconds after a forced refresh, %i have been forced', async (seconds, count) => {
    const forced: boolean[] = []
    app.onCall(async (request) => {
      if (new URL(request.url).pathname !== TOKEN_API) return
      forced.push((await request.json<{ force_refresh: boolean }>()).force_refresh)
    })
    for (const wait of [0, seconds]) {
      app.clock.now += wait
      await app.press('fail', { errcode: 40001, api: CHECK_API, times: 2 })
      await check()
    }
    expect(forced.filter(Boolean)).toHaveLength(count)
  })

  it('force_refresh is used once, even if WeChat rejects many access_tokens in a row', async () => {
    const forced: boolean[] = []
    app.onCall(async (request) => {
      if (new URL(request.url).pathname !== TOKEN_API) return
      forced.push((await request.json<{ force_refresh: boolean }>()).force_refresh)
    })
    for (let count = 0; count < 5; count++) {
      await app.press('fail', { errcode: 40001, api: CHECK_API, times: 2 })
      expect((await check()).status).toBe(502)
    }
    expect(forced.filter(Boolean)).toHaveLength(1)
  })

  it('An access_token that expires within five minutes is not kept for the next call', async () => {
    let asked = 0
    app.replace({
      fetch: async ({ url }) => {
        if (new URL(url).pathname !== TOKEN_API) return Response.json({ errcode: 0 })
        asked++
        return Response.json({ access_token: `T${asked}`, expires_in: 300 })
      },
    })
    await check()
    await check()
    expect(asked).toBe(2)
  })

  it.each([0, -1, 1e308, '7200', null])(
    'An access_token with an expires_in of %s is rejected',
    async (life) => {
      app.replace({
        fetch: async () => Response.json({ access_token: 'T', expires_in: life }),
      })
      expect((await check()).status).toBe(502)
    },
  )

  it('A call that is rejected after another call has renewed the access_token uses the new one', async () => {
    await check()
    await app.press('end-access-tokens')
    const held = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    let calls = 0
    app.onCall(async ({ url }) => {
      if (new URL(url).pathname !== CHECK_API || ++calls > 1) return
      arrived.resolve()
      await held.promise
    })
    const slow = check()
    await arrived.promise
    expect((await check()).status).toBe(200)
    held.resolve()
    expect((await slow).status).toBe(200)
    expect(app.sandbox.calls(TOKEN_API)).toBe(2)
  })

  it('A call succeeds without KV, and the failed write of the access_token is logged', async () => {
    app.kv.down.add('put')
    expect((await check()).status).toBe(200)
    expect(app.warnings).toHaveLength(1)
    expect(app.warnings[0]).toMatch(/access_token not written: KV PUT failed: 429/)
  })

  it('The call for an access_token is repeated twice while WeChat is busy', async () => {
    await app.press('fail', { errcode: -1, api: TOKEN_API, times: 2 })
    expect((await check()).status).toBe(200)
    expect([app.sandbox.calls(TOKEN_API), app.sleeps]).toEqual([3, [150, 300]])
  })

  it('Each mini program has its own access_token', async () => {
    app.replace({
      apps: { wx2: 's2' },
      settings: {
        WECHAT_APPS: JSON.stringify({ [env.WECHAT_APPID]: env.WECHAT_APPSECRET, wx2: 's2' }),
      },
    })
    const used = new Map<string, Set<string>>()
    app.onCall(({ url }) => {
      const { searchParams } = new URL(url)
      const openid = searchParams.get('openid')
      const access_token = searchParams.get('access_token')
      if (openid && access_token)
        used.set(openid, new Set([...(used.get(openid) ?? []), access_token]))
    })
    for (const appid of [env.WECHAT_APPID, 'wx2']) {
      token = (await app.login({ appid })).token
      expect((await check()).status).toBe(200)
    }
    expect(used.size).toBe(2)
    expect(new Set([...used.values()].flatMap((tokens) => [...tokens])).size).toBe(2)
  })

  it.each([40013, 40125, 40164, 40243, 89503, 89506, 89507, 50004, 50007, 40001])(
    'Errcode %i for the access_token is misconfigured, and the log says which setting to check',
    async (errcode) => {
      await app.press('fail', {
        errcode,
        api: TOKEN_API,
        errmsg: 'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6-5-4',
      })
      const response = await check()
      const problem = await response.json<ProblemBody>()
      expect([problem.status, problem.code]).toEqual([500, 'misconfigured'])
      const entry = JSON.parse(app.warnings[0] ?? '')
      expect(entry).toMatchObject({ errcode, rid: '6-5-4', settings: [expect.any(String)] })
      expect(entry.reason).toBe(errcode === 40164 ? 'WeChat saw the IP 203.0.113.7' : undefined)
    },
  )
})

const NEW_SECRET = { WECHAT_APPSECRET: 'a-new-secret' }

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

describe('calls at once', () => {
  const many = () => Promise.all(Array.from({ length: 20 }, check))
  const statuses = (responses: readonly Response[]) => new Set(responses.map((r) => r.status))

  it('Calls at once on a cold isolate share one question for an access_token', async () => {
    expect(statuses(await many())).toEqual(new Set([200]))
    expect(app.sandbox.calls(TOKEN_API)).toBe(1)
  })

  it('Calls at once whose access_token is rejected share one renewal', async () => {
    await check()
    await app.press('end-access-tokens')
    expect(statuses(await many())).toEqual(new Set([200]))
    expect(app.sandbox.calls(TOKEN_API)).toBe(2)
  })

  it('A call that has waited a second for the question of another one asks itself', async () => {
    const asked: (() => void)[] = []
    app.replace({
      fetch: async ({ url }) => {
        if (new URL(url).pathname !== TOKEN_API) return Response.json({ errcode: 0 })
        const held = Promise.withResolvers<void>()
        asked.push(held.resolve)
        if (asked.length === 1) await held.promise
        return Response.json(toToken(asked.length))
      },
    })
    const [first, second] = [check(), check()]
    await expect.poll(() => app.deadlines()).toContain(1000)
    expect(asked).toHaveLength(1)
    app.timeOut(1000)
    // The answers come together: the app waits for the tasks that it has passed to waitUntil.
    await expect.poll(() => asked.length).toBe(2)
    asked[0]?.()
    expect(statuses(await Promise.all([first, second]))).toEqual(new Set([200]))
    expect(asked).toHaveLength(2)
  })
})
