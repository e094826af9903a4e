import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLoginBinding } from '../src/server/login-over-http'

afterEach(() => vi.unstubAllGlobals())

/** Verifies a token while the login server answers this: the result, and what it was sent. */
async function verify(answer: unknown, status = 200) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => Response.json(answer, { status }))
  vi.stubGlobal('fetch', fetch)
  const result = await createLoginBinding('https://login.example/auth', 'the-key').verify('a token')
  return { result, sent: fetch.mock.calls[0] }
}

describe('the login of a payments server', () => {
  it('A token is verified by introspection with the service key, and no redirect gets it', async () => {
    const answer = { active: true, client_id: 'wx1', openid: 'o1', sub: 'x' }
    const { result, sent } = await verify(answer)
    expect(result).toEqual({ ok: true, session: { appid: 'wx1', openid: 'o1' } })
    const [url, { body, signal, ...init } = {}] = sent ?? []
    expect([url, String(body)]).toEqual(['https://login.example/auth/introspect', 'token=a+token'])
    expect(init).toEqual({
      method: 'POST',
      headers: { Authorization: 'Bearer the-key' },
      redirect: 'manual',
    })
    expect(signal).toBeInstanceOf(AbortSignal)
  })

  it.each([
    [401, {}, 'misconfigured'],
    [404, {}, 'misconfigured'],
    [200, { active: false }, 'session_invalid'],
  ])('Status %i with %j is %s', async (status, answer, code) => {
    const { result } = await verify(answer, status)
    expect(result).toEqual({ ok: false, error: { code } })
  })

  it.each([
    [503, {}],
    [200, {}],
    [200, { active: 1, client_id: 'wx1', openid: 'o1' }],
    [200, { active: true, client_id: 7, openid: 'o1' }],
    [200, { active: true, client_id: 'wx1' }],
  ])('Status %i with %j tells nothing of the token, and is thrown', async (status, answer) => {
    await expect(verify(answer, status)).rejects.toThrow()
  })
})
