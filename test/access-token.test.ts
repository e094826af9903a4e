import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { useTestApp } from './support/app'

const TOKEN_API = '/cgi-bin/stable_token'
const CHECK_API = '/wxa/checksession'
const NEW_SECRET = { WECHAT_APPSECRET: 'a-new-secret' }

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

  it('Another isolate finds the access_token in KV, and keeps it', async () => {
    await check()
    app.restart()
    await check()
    await env.SESSIONS.delete('access_token:wx4f4bc4dec97d474b')
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
        fetch: async () => Response.json({ errcode: 0, access_token: 'T', expires_in: life }),
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
        return Response.json({ access_token: `T${asked.length}`, expires_in: 7200 })
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
