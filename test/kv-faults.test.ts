/** KV as it can be in production and never is in the simulator: stale, slow, or failing. */

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createTestApp, type LoginAnswer, type TestApp, useTestApp } from './support/app'
import { hookedKV, type KVHook } from './support/kv'

const app = useTestApp()

/** An app in another location, where KV has this hook. */
const createElsewhere = (hook: KVHook) =>
  createTestApp({ settings: { SESSIONS: hookedKV(env.SESSIONS, hook) } })

const fetchStatus = async (app: TestApp, token: string) =>
  (await app.send('GET', '/session', { token })).status

describe('a location with a stale copy', () => {
  it('A location accepts an ended session only while its KV still shows the record', async () => {
    const { token } = await app.login()
    const { keys } = await env.SESSIONS.list({ prefix: 'session:' })
    const copy = await env.SESSIONS.getWithMetadata(keys[0]?.name ?? '', 'arrayBuffer')
    await app.send('DELETE', '/session', { token })

    let isCached = true
    const elsewhere = createElsewhere((operation, _key, proceed) => {
      if (operation !== 'get') return proceed()
      return isCached ? copy : { value: null, metadata: null }
    })
    expect(await fetchStatus(elsewhere, token)).toBe(200)
    isCached = false
    expect(await fetchStatus(elsewhere, token)).toBe(401)
  })

  it('DELETE /sessions/:id answers 404 for an ended session that a stale list still shows', async () => {
    const [one, two] = [await app.login(), await app.login()]
    const listed = await env.SESSIONS.list({ prefix: 'session:' })
    await app.send('DELETE', '/session', { token: two.token })
    const elsewhere = createElsewhere((operation, _key, proceed) =>
      operation === 'list' ? listed : proceed(),
    )
    const response = await elsewhere.send('GET', '/sessions', { token: one.token })
    const { sessions } = await response.json<{ sessions: { id: string; current: boolean }[] }>()
    const ended = sessions.find(({ current }) => !current)
    const removal = await elsewhere.send('DELETE', `/sessions/${ended?.id}`, { token: one.token })
    expect([sessions.length, removal.status]).toEqual([2, 404])
  })
})

describe('a location that caches a miss', () => {
  it('A login reads no key before it writes it, so that KV can have no miss in its cache', async () => {
    const read = new Set<string>()
    const written: string[] = []
    const hook: KVHook = (operation, key, proceed) => {
      if (operation === 'get') read.add(key)
      if (operation === 'put') {
        expect(read.has(key)).toBe(false)
        written.push(key)
      }
      return proceed()
    }
    app.replace({ settings: { SESSIONS: hookedKV(env.SESSIONS, hook) } })
    const first = await app.login()
    const second = await app.login({ token: first.token })
    await app.login({ token: second.token })
    expect(new Set(written).size).toBe(3)
  })
})

describe('slow KV', () => {
  it('A login waits for a slow write, and its token works everywhere', async () => {
    const released = Promise.withResolvers<void>()
    const hook: KVHook = async (operation, _key, proceed) => {
      if (operation === 'put') await released.promise
      return proceed()
    }
    app.replace({ settings: { SESSIONS: hookedKV(env.SESSIONS, hook) } })
    const login = app.send('POST', '/login', { body: { code: await app.wxLogin() } })
    released.resolve()
    const { token } = await (await login).json<LoginAnswer>()
    expect(await fetchStatus(createTestApp(), token)).toBe(200)
  })
})
