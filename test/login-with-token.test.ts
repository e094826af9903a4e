import { describe, expect, it } from 'vitest'
import { type ProblemBody, useTestApp } from './support/app'

const app = useTestApp()

describe('a login with a token', () => {
  it('A login with the token of a session ends that session', async () => {
    const old = await app.login()
    const fresh = await app.login({ token: old.token })
    expect((await app.send('GET', '/session', { token: old.token })).status).toBe(401)
    expect((await app.send('GET', '/session', { token: fresh.token })).status).toBe(200)
  })

  it("A login with the token of another user's session ends that session", async () => {
    const alice = await app.login({ user: 'alice' })
    await app.login({ user: 'bob', token: alice.token })
    expect((await app.send('GET', '/session', { token: alice.token })).status).toBe(401)
  })

  it('Concurrent logins with one code and different tokens end the sessions of both tokens', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const body = { code: await app.wxLogin() }
    await Promise.all([one, two].map(({ token }) => app.send('POST', '/login', { token, body })))
    for (const { token } of [one, two]) {
      expect((await app.send('GET', '/session', { token })).status).toBe(401)
    }
  })

  it('A login that cannot end the old session leaves no new session behind', async () => {
    const { token } = await app.login()
    const body = { code: await app.wxLogin() }
    app.kv.failOnce('delete')
    const response = await app.send('POST', '/login', { token, body })
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
    expect((await response.json<ProblemBody>()).detail).toContain('The code is spent')
    const list = await (await app.send('GET', '/sessions', { token })).json<{ sessions: [] }>()
    expect(list.sessions).toHaveLength(1)
  })

  it('A login with an ended or malformed token succeeds', async () => {
    const old = await app.login()
    await app.send('DELETE', '/session', { token: old.token })
    for (const token of [old.token, 'nonsense', `${old.userId}.${'a'.repeat(64)}`]) {
      await expect(app.login({ token })).resolves.toHaveProperty('token')
    }
  })

  it('A login that fails leaves the session of its token alone', async () => {
    const { token } = await app.login()
    const refused = await app.send('POST', '/login', {
      token,
      body: { code: 'nobody-gave-this' },
    })
    expect(refused.status).toBe(400)
    expect((await app.send('GET', '/session', { token })).status).toBe(200)
  })

  it('A login whose old session KV fails to read stores nothing, and says that the code is spent', async () => {
    const { token } = await app.login()
    const body = { code: await app.wxLogin() }
    app.kv.down.add('get')
    const response = await app.send('POST', '/login', { token, body })
    expect(response.status).toBe(503)
    expect((await response.json<ProblemBody>()).detail).toContain('The code is spent')
    app.kv.down.clear()
    const list = await (await app.send('GET', '/sessions', { token })).json<{ sessions: [] }>()
    expect(list.sessions).toHaveLength(1)
  })
})
