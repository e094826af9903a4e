import { afterEach, describe, expect, it, vi } from 'vitest'
import { findLogin } from '../src/server/login-over-http'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const TOKEN = 'the-token'

/** Verifies a token while the login server answers this: the result, and what it was sent. */
async function verify(answer: unknown, status = 200, token = TOKEN) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => Response.json(answer, { status }))
  vi.stubGlobal('fetch', fetch)
  const env = { LOGIN_URL: ' https://login.example/auth/ ', LOGIN_SERVICE_KEY: ' the-key ' }
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  const result = await findLogin(env)?.verify(token)
  return { result, sent: fetch.mock.calls[0], timeouts: timeout.mock.calls }
}

describe('the login of a payments server', () => {
  it.each([
    [undefined, undefined],
    [' ', ' '],
  ])('With LOGIN_URL %j and LOGIN_SERVICE_KEY %j there is none', (url, key) => {
    expect(findLogin({ LOGIN_URL: url, LOGIN_SERVICE_KEY: key })).toBeUndefined()
  })

  it.each([
    ['https://login.example', ' '],
    [undefined, 'the-key'],
    ['http://login.example', 'the-key'],
  ])('LOGIN_URL %j and LOGIN_SERVICE_KEY %j are refused', (url, key) => {
    const find = () => findLogin({ LOGIN_URL: url, LOGIN_SERVICE_KEY: key })
    expect(find).toThrow(/^LOGIN_URL must be /)
  })

  it('A token is verified by introspection with the service key, and no redirect gets it', async () => {
    const answer = { active: true, client_id: 'wx1', openid: 'o1', sub: 'x' }
    const { result, sent, timeouts } = await verify(answer)
    expect(result).toEqual({ ok: true, session: { appid: 'wx1', openid: 'o1' } })
    const [url, { body, signal, ...init } = {}] = sent ?? []
    expect([url, String(body)]).toEqual(['https://login.example/auth/introspect', `token=${TOKEN}`])
    expect(init).toEqual({
      method: 'POST',
      headers: { Authorization: 'Bearer the-key' },
      redirect: 'manual',
    })
    expect([signal, timeouts]).toEqual([expect.any(AbortSignal), [[5000]]])
  })

  it.each([
    [401, {}, 'misconfigured'],
    [404, {}, 'misconfigured'],
    [200, { active: false }, 'session_invalid'],
  ])('Status %i with %j is %s', async (status, answer, code) => {
    const { result } = await verify(answer, status)
    expect(result).toEqual({ ok: false, error: { code } })
  })

  it('A text that no form could ask about is session_invalid, and nobody is asked', async () => {
    for (const token of ['', 'x'.repeat(4097)]) {
      const { result, sent } = await verify({}, 503, token)
      expect([result, sent]).toEqual([{ ok: false, error: { code: 'session_invalid' } }, undefined])
    }
  })

  it('The login is asked about any other text', async () => {
    for (const token of [' ', 'x'.repeat(4096)]) {
      const { sent } = await verify({ active: false }, 200, token)
      expect(String(sent?.[1].body)).toBe(String(new URLSearchParams({ token })))
    }
  })

  it.each([
    [503, { active: false }],
    [400, { active: false }],
    [200, {}],
    [200, { active: 1, client_id: 'wx1', openid: 'o1' }],
    [200, { active: true, client_id: 7, openid: 'o1' }],
    [200, { active: true, client_id: 'wx1' }],
  ])('Status %i with %j tells nothing of the token, and is thrown', async (status, answer) => {
    await expect(verify(answer, status)).rejects.toThrow()
  })
})
