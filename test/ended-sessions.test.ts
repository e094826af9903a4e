import { describe, expect, it } from 'vitest'
import { type ProblemBody, useTestApp } from './support/app'

interface Listed {
  sessions: { id: string; current: boolean }[]
}

const app = useTestApp()

async function fetchStatus(token: string): Promise<number> {
  return (await app.send('GET', '/session', { token })).status
}

async function list(token: string): Promise<Listed['sessions']> {
  return (await (await app.send('GET', '/sessions', { token })).json<Listed>()).sessions
}

describe('DELETE /session', () => {
  it('DELETE /session ends this session and no other', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const response = await app.send('DELETE', '/session', { token: one.token })
    expect(response.status).toBe(204)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await response.text()).toBe('')
    expect([await fetchStatus(one.token), await fetchStatus(two.token)]).toEqual([401, 200])
  })
})

describe('DELETE /sessions', () => {
  it('DELETE /sessions ends all sessions of the user and none of another user', async () => {
    const mine = [await app.login(), await app.login(), await app.login()]
    const bob = await app.login({ user: 'bob' })
    const token = mine[1]?.token ?? ''
    expect((await app.send('DELETE', '/sessions', { token })).status).toBe(204)
    expect(await Promise.all(mine.map((login) => fetchStatus(login.token)))).toEqual([
      401, 401, 401,
    ])
    expect(await fetchStatus(bob.token)).toBe(200)
  })
})

describe('DELETE /sessions at once', () => {
  const requests = (tokens: readonly string[]) =>
    Promise.all(tokens.map((token) => app.send('DELETE', '/sessions', { token })))

  /** A rate limit that holds requests back until so many have arrived. */
  function gate(count: number) {
    const { promise, resolve } = Promise.withResolvers<{ success: true }>()
    let arrived = 0
    const limit = () => {
      arrived++
      if (arrived === count) resolve({ success: true })
      return promise
    }
    return { USER_LIMIT: { limit } }
  }

  it('Several DELETE /sessions of one session at once list the sessions once', async () => {
    app.replace({ settings: gate(20) })
    const { token } = await app.login()
    await app.login()
    const responses = await requests(Array<string>(20).fill(token))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([204]))
    expect(app.kv.counts).toMatchObject({ get: 20, list: 1, delete: 2 })
  })

  it('DELETE /sessions of two sessions at once list the sessions twice', async () => {
    app.replace({ settings: gate(2) })
    const tokens = [(await app.login()).token, (await app.login()).token]
    expect((await requests(tokens)).map(({ status }) => status)).toEqual([204, 204])
    expect(app.kv.counts.list).toBe(2)
  })

  it('DELETE /sessions that a failure of KV has stopped can be repeated', async () => {
    const { token } = await app.login()
    app.kv.failOnce('list')
    for (const status of [503, 204]) {
      expect((await app.send('DELETE', '/sessions', { token })).status).toBe(status)
    }
  })
})

describe('DELETE /sessions/:id', () => {
  it('DELETE /sessions/:id ends the session with this id, and answers 404 the second time', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const other = (await list(one.token)).find(({ current }) => !current)
    const remove = () => app.send('DELETE', `/sessions/${other?.id}`, { token: one.token })
    expect((await remove()).status).toBe(204)
    expect([await fetchStatus(one.token), await fetchStatus(two.token)]).toEqual([200, 401])
    expect((await remove()).status).toBe(404)
  })

  it("DELETE /sessions/:id does not find another user's session", async () => {
    const [alice, bob] = [await app.login({ user: 'alice' }), await app.login({ user: 'bob' })]
    const [bobs] = await list(bob.token)
    const response = await app.send('DELETE', `/sessions/${bobs?.id}`, { token: alice.token })
    expect(response.status).toBe(404)
    expect((await response.json<ProblemBody>()).code).toBe('not_found')
    expect(await fetchStatus(bob.token)).toBe(200)
  })

  it('DELETE /sessions/:id does not find an expired session that KV still has', async () => {
    await app.login()
    app.clock.now += 604_799
    const { token } = await app.login()
    const other = (await list(token)).find(({ current }) => !current)
    app.clock.now += 1
    expect((await app.send('DELETE', `/sessions/${other?.id}`, { token })).status).toBe(404)
  })

  it('DELETE /sessions/ and DELETE /session/ end no session', async () => {
    const { token } = await app.login()
    expect((await app.send('DELETE', '/sessions/', { token })).status).toBe(404)
    expect((await app.send('DELETE', '/session/', { token })).status).toBe(404)
    expect(await fetchStatus(token)).toBe(200)
  })

  it('DELETE /sessions/:id answers 404 for anything that is not an id', async () => {
    const { token } = await app.login()
    for (const id of ['x', '..%2F..', 'a'.repeat(600), '%00', 'a'.repeat(22), 'A'.repeat(43)]) {
      expect((await app.send('DELETE', `/sessions/${id}`, { token })).status).toBe(404)
    }
  })
})
