/** The store in a real Redis: its keys, and what it does while Redis is away, silent, old or unfit. */

import { createServer } from 'node:net'
import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLimiter } from '../../src/server/limits'
import { openRedis } from '../../src/server/redis'
import { type Database, startRedis } from '../support/databases'
import { findProgram } from '../support/programs'
import { startProxy } from '../support/proxy'

const { notice } = findProgram('redis-server', '/usr/bin/redis-server')
const NOW = 1_790_000_000_000
const UNFIT = 'Redis needs maxmemory-policy noeviction and appendonly yes: docs/server.md says why'

describe.skipIf(notice)(`a store in Redis${notice}`, () => {
  const warnings: string[] = []
  const open = (port: number) =>
    openRedis(`redis://127.0.0.1:${port}`, (reason) => void warnings.push(reason))
  const connect = () => createClient({ url: `redis://127.0.0.1:${redis.port}` }).connect()
  let redis: Database
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())
  beforeEach(() => {
    warnings.length = 0
  })
  afterEach(() => void vi.useRealTimers())

  it('an entry, the index of its owner and a counter have these keys, and all have a lifetime', async () => {
    const [store, client] = [await open(redis.port), await connect()]
    const index = 'code2session:{session:o:}'
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] })
    const kept = { score: NOW - 59_999, value: 'session:o:b' }
    await client.zAdd(index, [{ score: NOW - 60_000, value: 'session:o:c' }, kept])
    await store.write('session:o:a', { value: Uint8Array.of(65), metadata: '{}' }, 60)
    const entry = { score: NOW + 60_000, value: 'session:o:a' }
    expect(await client.zRangeWithScores(index, 0, -1)).toEqual([kept, entry])
    expect(await client.hGetAll(`${index}a`)).toEqual({ value: 'A', metadata: '{}' })
    await createLimiter({}, 'LOGIN_LIMIT', store)?.limit({ key: '10.0.0.1' })
    const counter = `code2session:limit:${NOW / 60_000 - (NOW % 60_000) / 60_000}:LOGIN_LIMIT:10.0.0.1`
    expect(await client.get(counter)).toBe('1')
    for (const key of [index, `${index}a`, counter]) {
      const seconds = await client.ttl(key)
      expect([key, seconds > 0 && seconds <= 60]).toEqual([key, true])
    }
    client.destroy()
    await store.close()
  })

  it('while Redis is away a call fails at once, and each time it goes is warned of once', async () => {
    const store = await open(redis.port)
    for (let outage = 1; outage <= 2; outage++) {
      await redis.stop()
      await vi.waitFor(() => expect(warnings).toHaveLength(outage))
      await expect(store.read('session:o:a')).rejects.toThrow('The client is offline')
      await hangUp(redis.port)
      await redis.restart()
      await vi.waitFor(() => store.read('session:o:a'), 10_000)
    }
    expect(warnings).toEqual(['Redis does not answer', 'Redis does not answer'])
    await store.close()
  })

  it('a connection that has gone silent is replaced, and one that is idle is kept', async () => {
    const proxies = await Promise.all([1, 2].map(() => startProxy(redis.port)))
    const [silent, idle] = proxies
    const stores = await Promise.all(proxies.map(({ port }) => open(port)))
    silent?.mute()
    await vi.waitFor(() => expect(silent?.connections()).toBe(2), 30_000)
    expect(idle?.connections()).toBe(1)
    // In use, a connection is not idle.
    idle?.mute()
    await expect(stores[1]?.read('session:o:a')).rejects.toThrow('the store is silent')
    await vi.waitFor(() => stores[1]?.read('session:o:a'), 1500)
    for (const store of stores) await store.close()
    for (const proxy of proxies) proxy.close()
  })

  it('a Redis that forgets sessions, or does not show whether it does, is warned of', async () => {
    const client = await connect()
    const hidden = await startRedis(['--rename-command', 'CONFIG', ''])
    for (const [name, wrong, right] of [
      ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
      ['appendonly', 'no', 'yes'],
    ] as const) {
      await client.configSet(name, wrong)
      await (await open(redis.port)).close()
      await client.configSet(name, right)
    }
    await (await open(hidden.port)).close()
    expect(warnings).toEqual([UNFIT, UNFIT, UNFIT])
    client.destroy()
    await hidden.close()
  })

  it('Redis 6 is too old, and 7 is not', async () => {
    const [old, current] = await Promise.all(
      ['6', '7'].map((major) =>
        startProxy(redis.port, (text) => text.replace(/(redis_version:)\d/, `$1${major}`)),
      ),
    )
    await expect(open(old?.port ?? 0)).rejects.toThrow('STORE: Redis 6 is too old; 7 is needed')
    const store = await open(current?.port ?? 0)
    await store.close()
    expect(warnings).toEqual([])
    old?.close()
    current?.close()
  })
})

/** Takes a connection at this port, and closes it. */
function hangUp(port: number): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.destroy()
      server.close(() => resolve())
    }).listen(port, '127.0.0.1')
  })
}
