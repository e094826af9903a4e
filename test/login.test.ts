import { describe, expect, it, vi } from 'vitest'
import { type LoginAnswer, type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

describe('POST /login', () => {
  it('POST /login returns a token, its lifetime and a userId', async () => {
    const body = { code: await app.wxLogin() }
    const response = await app.send('POST', '/login', { body })
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.json()).toEqual({
      token: expect.stringMatching(/^[\w-]{43}\.[\w-]{64}$/),
      tokenType: 'Bearer',
      expiresIn: 604800,
      expiresAt: new Date((app.clock.now + 604800) * 1000).toISOString(),
      userId: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('A user has the same userId at every login, and another user has a different one', async () => {
    const [first, second] = [await app.login(), await app.login()]
    const other = await app.login({ user: 'bob' })
    expect(second.userId).toBe(first.userId)
    expect(second.token).not.toBe(first.token)
    expect(other.userId).not.toBe(first.userId)
  })

  it('A userId stays the same when the user gets a unionid', async () => {
    const answers = [{}, { unionid: 'oUnionidThatCameLater' }].map((more) =>
      JSON.stringify({ openid: 'o1', session_key: 'HyVFkGl5F5OQWJZZaNzBBg==', ...more }),
    )
    app.replace({ fetch: async () => new Response(answers.shift()) })
    const before = await (await app.send('POST', '/login', { body: { code: 'a' } })).json()
    const after = await (await app.send('POST', '/login', { body: { code: 'b' } })).json()
    expect((after as LoginAnswer).userId).toBe((before as LoginAnswer).userId)
  })

  it('A session lasts as long as SESSION_TTL', async () => {
    app.replace({ settings: { SESSION_TTL: '3600' } })
    expect((await app.login()).expiresIn).toBe(3600)
  })

  it('POST /login sends WeChat any code of 1 to 512 characters that can be one, escaped', async () => {
    const codes = [
      '&secret=x#?%',
      '100%',
      'x%2',
      'nullable',
      '微信😀',
      '{a}\\',
      '\u0000',
      'x',
      '\ud800',
    ]
    for (const code of [...codes, '😀'.repeat(512), 'a'.repeat(512)]) {
      let sent: string | null = null
      app.replace({
        fetch: async ({ url }) => {
          sent = new URL(url).searchParams.get('js_code')
          return new Response('{"errcode":40029,"errmsg":"invalid code"}')
        },
      })
      await app.send('POST', '/login', { body: { code } })
      expect(sent).toBe(code.toWellFormed())
    }
  })

  it.each([
    ['the code is a mock one', 'no AppID'],
    ['undefined', 'the text of a missing value'],
    ['null', 'the text of a missing value'],
    ['"0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P"', 'quotation mark'],
    ["'0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P'", 'quotation mark'],
    ['0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P\n', 'white space'],
    ['[object Object]', 'white space'],
    ['0a1B2c3D4e5F6g7H%3D', 'URL-encoded'],
  ])(
    'The text %j cannot be a code: POST /login and POST /phone-number name its fault without asking WeChat',
    async (code, fault) => {
      const { token } = await app.login()
      for (const path of ['/login', '/phone-number']) {
        const response = await app.send('POST', path, { token, body: { code } })
        const problem = await response.json<ProblemBody>()
        expect([problem.code, problem.action]).toEqual(['invalid_request', 'fix_request'])
        expect(problem.errors).toEqual([{ path: 'code', message: expect.stringContaining(fault) }])
      }
      expect(app.sandbox.calls('/sns/jscode2session')).toBe(1)
      expect(app.sandbox.calls('/wxa/business/getuserphonenumber')).toBe(0)
    },
  )

  it('POST /login refuses a code that is missing, empty, too long or not a string without a call to WeChat', async () => {
    for (const code of [undefined, null, '', 'a'.repeat(513), 7, {}, ['a']]) {
      const response = await app.send('POST', '/login', { body: { code } })
      const problem = await response.json<ProblemBody>()
      expect(response.status).toBe(400)
      expect(problem.code).toBe('invalid_request')
      expect(problem.errors).toEqual([{ path: 'code', message: expect.any(String) }])
    }
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(0)
  })
})

describe('code2Session', () => {
  it('code2Session is a GET below WECHAT_API_BASE that follows no redirect', async () => {
    const requests: Request[] = []
    app.replace({
      settings: { WECHAT_API_BASE: 'https://proxy.example/wechat/' },
      fetch: async (request) => {
        requests.push(request)
        return new Response(null, { status: 302, headers: { Location: 'https://evil.example' } })
      },
    })
    await app.send('POST', '/login', { body: { code: 'x' } })
    expect(requests.map(({ method, redirect }) => [method, redirect])).toEqual([['GET', 'manual']])
    expect(requests[0]?.url).toMatch(
      /^https:\/\/proxy\.example\/wechat\/sns\/jscode2session\?appid=/,
    )
  })

  it('Concurrent logins with the same code share one code2Session call and one session', async () => {
    const body = { code: await app.wxLogin() }
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => app.send('POST', '/login', { body })),
    )
    const answers = await Promise.all(responses.map((response) => response.json<LoginAnswer>()))
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1)
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(1)
    expect(app.kv.counts.put).toBe(1)
  })

  it('A code2Session call that fails answers all logins that share it, and the next login makes a new one', async () => {
    const body = { code: await app.wxLogin() }
    await app.press('fail', { errcode: 45011 })
    const send = () => app.send('POST', '/login', { body })
    const failed = await Promise.all([send(), send()])
    expect(failed.map(({ status }) => status)).toEqual([429, 429])
    expect((await send()).status).toBe(200)
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(2)
  })

  it('A login waits 10 seconds for the code2Session call that it shares, and a later one makes its own', async () => {
    const user = { openid: 'o1', session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' }
    const answers = [new Promise<Response>(() => {}), Promise.resolve(Response.json(user))]
    app.replace({ fetch: () => answers.shift() ?? Promise.reject(new Error('a third call')) })
    const send = () => app.send('POST', '/login', { body: { code: 'x' } })
    // The app of the tests hands a response over only once all its tasks have ended.
    const until = (count: number) =>
      vi.waitFor(() => expect(app.log).toHaveLength(count), { interval: 1 })
    const [first, joined] = [send(), send()]
    await vi.waitFor(() => expect(app.deadlines()).toEqual([5000, 10_000]), { interval: 1 })
    app.timeOut(10_000)
    await until(1)
    const later = send()
    await until(2)
    app.timeOut(5000)
    const statuses = (await Promise.all([first, joined, later])).map(({ status }) => status)
    expect(statuses).toEqual([504, 504, 200])
    expect(JSON.parse(app.warnings[0] ?? '')).toMatchObject({ code: 'wechat_timeout' })
  })

  it('Logins of two mini programs, or with two codes, share no code2Session call', async () => {
    const user = { openid: 'o1', session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' }
    const appids: (string | null)[] = []
    app.replace({
      settings: { WECHAT_APPS: '{"wx1":"s1","wx12":"s2"}' },
      fetch: async ({ url }) => {
        appids.push(new URL(url).searchParams.get('appid'))
        return Response.json(user)
      },
    })
    const send = (body: object) => app.send('POST', '/login', { body })
    const bodies = [
      { appid: 'wx1', code: '2x' },
      { appid: 'wx12', code: 'x' },
      { appid: 'wx1', code: 'x' },
    ]
    const answers = await Promise.all(bodies.map(send))
    const [one, two] = await Promise.all(answers.map((answer) => answer.json<LoginAnswer>()))
    expect(appids.sort()).toEqual(['wx1', 'wx1', 'wx12'])
    expect(one?.userId).not.toBe(two?.userId)
  })

  it('A code2Session call without an answer in 5 seconds is aborted, and answered with wechat_timeout', async () => {
    const signals: AbortSignal[] = []
    app.replace({
      fetch: ({ signal }) => {
        signals.push(signal)
        app.timeOut(5000)
        return new Promise(() => {})
      },
    })
    const response = await app.send('POST', '/login', { body: { code: 'x' } })
    expect(await response.json()).toMatchObject({ status: 504, code: 'wechat_timeout' })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('A login is passed to waitUntil, so that it completes after the phone has hung up', async () => {
    const answer = Promise.withResolvers<Response>()
    const asked = Promise.withResolvers<void>()
    app.replace({
      fetch: () => {
        asked.resolve()
        return answer.promise
      },
    })
    const login = app.send('POST', '/login', { body: { code: 'x' } })
    await asked.promise
    const ended: string[] = []
    void Promise.all(app.tasks).then(() => ended.push('task'))
    expect(app.tasks).toHaveLength(1)
    await Promise.resolve()
    expect(ended).toEqual([])
    answer.resolve(Response.json({ openid: 'o1', session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' }))
    expect((await login).status).toBe(200)
    await Promise.resolve()
    expect(ended).toEqual(['task'])
  })

  it('code2Session is repeated twice while WeChat is busy, after 150 and 300 milliseconds', async () => {
    await app.press('fail', { errcode: -1, times: 2 })
    await app.login()
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(3)
    expect(app.sleeps).toEqual([150, 300])
  })

  it('code2Session is not repeated a third time', async () => {
    await app.press('fail', { errcode: -1, times: 3 })
    const response = await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    expect(response.status).toBe(503)
    expect((await response.json<ProblemBody>()).detail).not.toMatch(/unused|valid/)
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(3)
  })

  it.each('html html_200 empty array cut large redirect no_openid no_session_key'.split(' '))(
    'The ambiguous failure %s of code2Session is wechat_unavailable, and not repeated',
    async (fault) => {
      await app.press('fail', { fault })
      const response = await app.send('POST', '/login', { body: { code: await app.wxLogin() } })
      expect(await response.json()).toMatchObject({ status: 502, code: 'wechat_unavailable' })
      expect(app.sandbox.calls('/sns/jscode2session')).toBe(1)
    },
  )
})
