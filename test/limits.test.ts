import { describe, expect, it } from 'vitest'
import { toNetwork } from '../src/http/limits'
import { type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

/** A rate limit that allows this many requests, and the keys it has counted. */
function limiter(most: number) {
  const keys: string[] = []
  const limit = async ({ key }: { key: string }) => ({ success: keys.push(key) <= most })
  return { keys, limit }
}

async function statuses(requests: (() => Promise<Response>)[]): Promise<number[]> {
  const seen: number[] = []
  for (const request of requests) seen.push((await request()).status)
  return seen
}

const FROM = { 'CF-Connecting-IP': '203.0.113.7' }

describe('the limit on logins', () => {
  it('A login beyond LOGIN_LIMIT gets 429 with Retry-After and makes no call to WeChat', async () => {
    const LOGIN_LIMIT = limiter(2)
    app.replace({ settings: { LOGIN_LIMIT } })
    const login = async () =>
      app.request('/login', {
        method: 'POST',
        headers: { ...FROM, 'Content-Type': 'application/json' },
        body: JSON.stringify({ code: await app.wxLogin() }),
      })
    expect(await statuses([login, login, login])).toEqual([200, 200, 429])
    const refused = await login()
    expect(refused.headers.get('Retry-After')).toBe('60')
    expect(await refused.json<ProblemBody>()).toMatchObject({
      code: 'rate_limited',
      action: 'retry_later',
    })
    expect(app.sandbox.calls('/sns/jscode2session')).toBe(2)
    expect(new Set(LOGIN_LIMIT.keys)).toEqual(new Set(['203.0.113.7']))
  })
})

describe('a limit on guesses', () => {
  it('A binding named GUESS_LIMIT is not used', async () => {
    const GUESS_LIMIT = limiter(0)
    app.replace({ settings: { GUESS_LIMIT } })
    const headers = { ...FROM, Authorization: 'Bearer wrong' }
    expect((await app.request('/session', { headers })).status).toBe(401)
    expect((await app.request('/introspect', { method: 'POST', headers })).status).toBe(401)
    expect(GUESS_LIMIT.keys).toEqual([])
  })
})

describe('the key of a request', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
  ])('Requests from %s count under the key %s', (ip, key) => {
    expect(toNetwork(ip)).toBe(key)
  })
})
