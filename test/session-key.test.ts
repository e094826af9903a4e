import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { sessionKeySignature } from '../src/login/wechat/session-key'
import {
  type LoginAnswer,
  type OpenData,
  type ProblemBody,
  SERVICE_KEY,
  useTestApp,
} from './support/app'

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

async function post(path: string, body?: object): Promise<[number, unknown]> {
  const response = await app.send('POST', path, { token, ...(body && { body }) })
  const answer = await response.json<ProblemBody>()
  return [response.status, response.ok ? answer : answer.code]
}

describe('the signature under a session_key', () => {
  it("sessionKeySignature returns the signature of WeChat's published example", async () => {
    expect(await sessionKeySignature('o0q0otL8aEzpcZL/FT9WsQ==', '{"foo":"bar"}')).toBe(
      '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b',
    )
  })

  it.each([
    [
      'o0q0otL8aEzpcZL/FT9WsQ==',
      '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128',
    ],
    [
      'tiihtNczf5v6AKRyjwEUhQ==',
      '7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735',
    ],
    [
      'HyVFkGl5F5OQWJZZaNzBBg==',
      '252b75c92698025afe925b29cca5517fdf9ee67aae072cf3225ebf3a53783058',
    ],
  ])(
    'sessionKeySignature signs the empty string with the base64 text %s as its key',
    async (key, signature) => {
      expect(await sessionKeySignature(key)).toBe(signature)
    },
  )
})

describe('POST /session/check', () => {
  it('POST /session/check is true for the current key and false after a rotation elsewhere', async () => {
    expect(await post('/session/check')).toEqual([200, { valid: true }])
    await app.press('rotate')
    expect(await post('/session/check')).toEqual([200, { valid: false }])
  })

  it('POST /session/check fails, and does not answer false, if WeChat answers anything else', async () => {
    await app.press('fail', { errcode: 45009, api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([503, 'wechat_quota'])
    await app.press('fail', { errcode: 87008, api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
    for (const nothing of [{}, { errmsg: 'system error' }]) {
      app.setAnswer('/wxa/checksession', nothing)
      expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
    }
    app.setAnswer('/wxa/checksession', null)
    await app.press('fail', { fault: 'html', api: '/wxa/checksession' })
    expect(await post('/session/check')).toEqual([502, 'wechat_unavailable'])
  })
})

describe('a session_key while WeChat is busy', () => {
  it('checksession is repeated twice while WeChat is busy', async () => {
    await app.press('fail', { errcode: -1, api: '/wxa/checksession', times: 2 })
    expect(await post('/session/check')).toEqual([200, { valid: true }])
    expect(app.sandbox.calls('/wxa/checksession')).toBe(3)
  })

  it('resetusersessionkey is not repeated while WeChat is busy', async () => {
    await app.press('fail', { errcode: -1, api: '/wxa/resetusersessionkey' })
    expect(await post('/session/reset')).toEqual([503, 'wechat_busy'])
    expect(app.sandbox.calls('/wxa/resetusersessionkey')).toBe(1)
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })
})

describe('POST /session/reset', () => {
  it('POST /session/reset returns a new token for a new session_key and ends the old session', async () => {
    const old = token
    const [status, answer] = await post('/session/reset')
    expect([status, answer]).toEqual([
      200,
      {
        token: expect.stringMatching(/^[\w-]{43}\.[\w-]{64}$/),
        tokenType: 'Bearer',
        expiresIn: 604800,
        expiresAt: expect.any(String),
        userId: old.slice(0, 43),
      },
    ])
    expect((await app.send('GET', '/session', { token: old })).status).toBe(401)
    token = (answer as LoginAnswer).token
    expect(await post('/session/check')).toEqual([200, { valid: true }])
    const data = await app.press<OpenData>('wx.getUserInfo')
    expect((await post('/open-data/decrypt', data))[0]).toBe(200)
  })

  it('POST /session/reset answers session_key_stale if its key is not current', async () => {
    await app.press('rotate')
    expect(await post('/session/reset')).toEqual([409, 'session_key_stale'])
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })

  it("POST /session/reset refuses another user's session_key", async () => {
    const key = 'HyVFkGl5F5OQWJZZaNzBBg=='
    app.setAnswer('/wxa/resetusersessionkey', { errcode: 0, openid: 'oBob', session_key: key })
    expect(await post('/session/reset')).toEqual([502, 'wechat_unavailable'])
  })

  it('POST /session/reset keeps the createdAt and expiresAt of the session', async () => {
    const read = async () => (await app.send('GET', '/session', { token })).json()
    const before = await read()
    app.clock.now += 1000
    const [, answer] = await post('/session/reset')
    const { expiresIn, expiresAt, ...login } = answer as LoginAnswer
    token = login.token
    expect(expiresIn).toBe(604_800 - 1000)
    expect(await read()).toEqual(before)
    expect(before).toMatchObject({ expiresAt })
  })

  it('Resets in a row do not prolong a session beyond its end', async () => {
    app.clock.now += 604_770
    for (const expiresIn of [30, 20, 10]) {
      const [status, answer] = await post('/session/reset')
      expect([status, answer]).toEqual([200, expect.objectContaining({ expiresIn })])
      token = (answer as LoginAnswer).token
      app.clock.now += 10
    }
    expect((await app.send('GET', '/session', { token })).status).toBe(401)
  })
})

describe('POST /session/reset while something else happens', () => {
  /** Resets the session, and does this between the request to WeChat and its answer. */
  async function resetDuring(
    action: (tasks: readonly Promise<unknown>[]) => unknown,
  ): Promise<[number, unknown]> {
    const session_key = 'HyVFkGl5F5OQWJZZaNzBBg=='
    const openid = await app.getOpenid()
    app.setAnswer('/wxa/resetusersessionkey', { errcode: 0, openid, session_key })
    let calls = 0
    app.onCall(async ({ url }) => {
      if (new URL(url).pathname !== '/wxa/resetusersessionkey' || ++calls > 1) return
      // Requests wait for the app's tasks, and the reset is one of them.
      await action(app.tasks.splice(0))
    })
    return post('/session/reset')
  }

  const countSessions = async () => (await env.SESSIONS.list({ prefix: 'session:' })).keys.length

  it.each(['/session', '/sessions'])(
    'A reset that DELETE %s overtakes answers session_invalid and leaves no session behind',
    async (path) => {
      const answer = await resetDuring(() => app.send('DELETE', path, { token }))
      expect(answer).toEqual([401, 'session_invalid'])
      expect(await countSessions()).toBe(0)
    },
  )

  it('A log-out everywhere from another session overtakes a reset, which leaves no session behind', async () => {
    const other = await app.login()
    const answer = await resetDuring(() => app.send('DELETE', '/sessions', { token: other.token }))
    expect(answer).toEqual([401, 'session_invalid'])
    expect(await countSessions()).toBe(0)
  })

  it('A reset that another reset overtakes answers session_invalid, and the session of the other stays', async () => {
    let fast: LoginAnswer | undefined
    const slow = await resetDuring(async () => {
      const response = await app.send('POST', '/session/reset', { token })
      fast = await response.json<LoginAnswer>()
    })
    expect(slow).toEqual([401, 'session_invalid'])
    expect(await countSessions()).toBe(1)
    token = fast?.token ?? ''
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })

  it('A reset of a session that expires while WeChat answers is session_invalid', async () => {
    const answer = await resetDuring(() => {
      app.clock.now += 604_800
    })
    expect(answer).toEqual([401, 'session_invalid'])
    expect(await countSessions()).toBe(1)
  })

  it('A reset is passed to waitUntil, so that it completes after the phone has hung up', async () => {
    const tasks: Promise<unknown>[] = []
    const [status] = await resetDuring((running) => tasks.push(...running))
    // The other one asks WeChat for the access_token.
    expect([status, tasks.length]).toEqual([200, 2])
  })
})

describe('the session_key services for backends', () => {
  async function call(path: string, body: object, key = SERVICE_KEY) {
    const response = await app.send('POST', `/session-key/${path}`, { token: key, body })
    const answer = await response.json<Record<string, unknown> & ProblemBody>()
    const challenge = response.headers.get('WWW-Authenticate')
    return { status: response.status, answer, challenge }
  }

  it('POST /session-key/sign signs a text with the session_key of a login', async () => {
    const session_key = 'o0q0otL8aEzpcZL/FT9WsQ=='
    app.setAnswer('/sns/jscode2session', { openid: 'oAlice', session_key })
    token = (await app.login()).token
    const { status, answer } = await call('sign', { token, text: '{"foo":"bar"}' })
    expect([status, answer]).toEqual([
      200,
      { signature: '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b' },
    ])
  })

  it('POST /session-key/sign names the field that is missing, empty or no well-formed text', async () => {
    const wrong: [object, string][] = [
      [{ token, text: '' }, 'text'],
      [{ token }, 'text'],
      [{ token, text: 7 }, 'text'],
      [{ token, text: '\ud800' }, 'text'],
      [{ text: 'x' }, 'token'],
      [{ token: null, text: 'x' }, 'token'],
    ]
    for (const [body, path] of wrong) {
      const { status, answer } = await call('sign', body)
      expect([status, answer.code, answer.errors?.map((error) => error.path)]).toEqual([
        400,
        'invalid_request',
        [path],
      ])
    }
  })

  it('A dead token in the body is 401 session_invalid, and the challenge names no error', async () => {
    await app.send('DELETE', '/session', { token })
    for (const path of ['sign', 'encryption-keys']) {
      for (const dead of [token, '', 'nonsense']) {
        const { status, answer, challenge } = await call(path, { token: dead, text: 'x' })
        expect([status, answer.code, challenge]).toEqual([
          401,
          'session_invalid',
          'Bearer realm="code2session"',
        ])
      }
    }
  })

  it("A phone's own token is refused as service key", async () => {
    for (const path of ['sign', 'encryption-keys']) {
      const { status, answer } = await call(path, { token, text: 'x' }, token)
      expect([status, answer.code]).toEqual([401, 'service_key_invalid'])
    }
  })

  it('POST /session-key/encryption-keys fails as WeChat does, and on keys that are none', async () => {
    const path = '/wxa/business/getuserencryptkey'
    const key = { encrypt_key: 'a', iv: 'b', version: 1, expire_in: 2, create_time: 3 }
    const answers: [object, string | undefined][] = [
      [{ errcode: 87009 }, 'session_key_stale'],
      [{ errcode: 45011 }, 'rate_limited'],
      [{ errcode: 0 }, 'wechat_unavailable'],
      [{ errcode: 0, key_info_list: [{ ...key, iv: 7 }] }, 'wechat_unavailable'],
      [{ errcode: 0, key_info_list: [] }, undefined],
      [{ errcode: 0, key_info_list: [key, key, key] }, undefined],
    ]
    for (const [answer, code] of answers) {
      app.setAnswer(path, answer)
      expect((await call('encryption-keys', { token })).answer.code).toBe(code)
    }
  })
})
