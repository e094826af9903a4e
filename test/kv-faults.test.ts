/** KV as it can be, and the simulator never is: stale, late, and forgetful of what it has. */

import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import { createWorld, type LoginAnswer, type ProblemBody } from './support/app'

afterEach(() => reset())

type Faulty = Partial<Record<keyof KVNamespace, (...args: never[]) => Promise<unknown>>>

/** The real namespace with some of its operations replaced. */
function kvWith(faulty: Faulty): KVNamespace {
  return new Proxy(env.SESSIONS, {
    get: (target, name: keyof KVNamespace) => faulty[name] ?? target[name].bind(target),
  })
}

const status = async (world: ReturnType<typeof createWorld>, token: string) =>
  (await world.send('GET', '/session', { token })).status

describe('a location with an old copy', () => {
  it('honours an ended session for as long as KV shows it the record, and no longer', async () => {
    const world = createWorld()
    const { token } = await world.login()
    const { keys } = await env.SESSIONS.list({ prefix: 'session:' })
    const copy = await env.SESSIONS.getWithMetadata(keys[0]?.name ?? '', 'arrayBuffer')
    await world.send('DELETE', '/session', { token })

    let isCached = true
    const elsewhere = createWorld({
      settings: {
        SESSIONS: kvWith({
          getWithMetadata: async () => (isCached ? copy : { value: null, metadata: null }),
        }),
      },
    })
    expect(await status(elsewhere, token)).toBe(200)
    isCached = false
    expect(await status(elsewhere, token)).toBe(401)
  })

  it('honours no session past its end, however old the copy', async () => {
    const world = createWorld()
    const { token, expiresIn } = await world.login()
    const elsewhere = createWorld()
    elsewhere.clock.now += expiresIn
    expect(await status(elsewhere, token)).toBe(401)
  })

  it('that still lists an ended session finds nothing under its id', async () => {
    const world = createWorld()
    const [one, two] = [await world.login(), await world.login()]
    const listed = await env.SESSIONS.list({ prefix: 'session:' })
    await world.send('DELETE', '/session', { token: two.token })
    const elsewhere = createWorld({ settings: { SESSIONS: kvWith({ list: async () => listed }) } })
    const response = await elsewhere.send('GET', '/sessions', { token: one.token })
    const { sessions } = await response.json<{ sessions: { id: string; current: boolean }[] }>()
    const ended = sessions.find(({ current }) => !current)
    const removal = await elsewhere.send('DELETE', `/sessions/${ended?.id}`, { token: one.token })
    expect([sessions.length, removal.status]).toEqual([2, 404])
  })
})

describe('a location that remembers a miss', () => {
  it('is never asked for a key before that is written: no login can run into its own miss', async () => {
    const asked = new Set<string>()
    const written: string[] = []
    const world = createWorld({
      settings: {
        SESSIONS: kvWith({
          getWithMetadata: async (key: string, type: 'arrayBuffer') => {
            asked.add(key)
            return env.SESSIONS.getWithMetadata(key, type)
          },
          put: async (key: string, value: ArrayBuffer, options: KVNamespacePutOptions) => {
            expect(asked.has(key)).toBe(false)
            written.push(key)
            return env.SESSIONS.put(key, value, options)
          },
        }),
      },
    })
    const first = await world.login()
    const second = await world.login({ token: first.token })
    await world.login({ token: second.token })
    expect(new Set(written).size).toBe(3)
  })
})

describe('KV that is slow', () => {
  it('is waited for: an answer that comes late is an answer', async () => {
    const late = Promise.withResolvers<void>()
    const world = createWorld({
      settings: {
        SESSIONS: kvWith({
          put: async (key: string, value: ArrayBuffer, options: KVNamespacePutOptions) => {
            await late.promise
            return env.SESSIONS.put(key, value, options)
          },
        }),
      },
    })
    const login = world.send('POST', '/login', { body: { code: await world.wxLogin() } })
    late.resolve()
    const { token } = await (await login).json<LoginAnswer>()
    expect(await status(createWorld(), token)).toBe(200)
  })
})

describe('a write that KV refuses', () => {
  it('is no login: nothing is given out that KV does not have', async () => {
    const refuse = () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'))
    const world = createWorld({ settings: { SESSIONS: kvWith({ put: refuse }) } })
    const response = await world.send('POST', '/login', { body: { code: await world.wxLogin() } })
    const problem = await response.json<ProblemBody>()
    expect([problem.status, problem.code, problem.action]).toEqual([
      503,
      'store_unavailable',
      'retry_later',
    ])
    expect(JSON.stringify(problem)).not.toContain('token"')
  })
})
