import { beforeAll, describe, expect, it } from 'vitest'
import { type EndedSessions, simulateEndedSessions } from './bench/simulation/ended-sessions'
import { createSimulatedKV } from './bench/simulation/kv'
import { type Day, simulateDay } from './bench/simulation/population'
import type { Usage } from './bench/simulation/system'

const NOTHING = { get: 0, put: 0, delete: 0, list: 0 }
const SEED = 1

describe('a simulated day', () => {
  let day: Day
  beforeAll(async () => {
    // The first user of the pattern does everything that it has.
    const backend = { keepSeconds: 0, backendProcesses: 1 }
    day = await simulateDay({ users: 20, staleness: 60, seed: SEED, ...backend })
  })

  /** What one request of this kind costs. All of them cost the same. */
  const toCost = ({ requests, kv, wechat, queueMessages }: Usage) => ({
    get: kv.get / requests,
    put: kv.put / requests,
    delete: kv.delete / requests,
    list: kv.list / requests,
    wechat: wechat / requests,
    queueMessages: queueMessages / requests,
  })

  it('Every request of a simulated day costs the KV operations and calls to WeChat that the budget says', () => {
    const free = { ...NOTHING, wechat: 0, queueMessages: 0 }
    const costs = Object.entries(day.usage).map(([kind, usage]) => [kind, toCost(usage)])
    expect(Object.fromEntries(costs)).toEqual({
      'login, first': { ...free, put: 1, wechat: 1 },
      'login, instead of a live session': { ...free, get: 1, put: 1, delete: 1, wechat: 1 },
      introspection: { ...free, get: 1 },
      decryption: { ...free, get: 1 },
      'phone number': { ...free, get: 1, wechat: 1 },
      'device list': { ...free, get: 1, list: 1 },
      'log-out': { ...free, get: 1, delete: 1 },
      'pushed event': { ...free, queueMessages: 1 },
    })
  })

  it("No request of a simulated day fails because of KV's delays or its limit on writes", () => {
    expect([day.errors, day.refusedWrites]).toEqual([0, 0])
  })

  it('A simulated day leaves one session per user, since a login ends the session it replaces', () => {
    expect(day.stored.records).toBe(20)
  })
})

describe('an ended session', () => {
  let results: EndedSessions
  beforeAll(async () => {
    const times = { staleness: 60, keepSeconds: 30, seconds: 100 }
    results = await simulateEndedSessions({ sessions: 4, seed: SEED, ...times })
  })

  /** The last second in which the session was accepted; -1 for never. */
  const findLast = (accepted: readonly number[]) => accepted.findLastIndex((count) => count > 0)

  it('An ended session is never accepted in the location where it ended', () => {
    expect(findLast(results.asked.here)).toBe(-1)
  })

  it("An ended session is accepted in another location while KV's copy is up to 60 s old, and no longer", () => {
    expect(findLast(results.asked.elsewhere)).toBeGreaterThan(30)
    expect(findLast(results.asked.elsewhere)).toBeLessThan(60)
  })

  it('A backend that keeps introspection answers for 30 s accepts an ended session for that much longer', () => {
    expect(findLast(results.kept.here)).toBeGreaterThan(0)
    expect(findLast(results.kept.here)).toBeLessThan(30)
    expect(findLast(results.kept.elsewhere)).toBeGreaterThan(60)
    expect(findLast(results.kept.elsewhere)).toBeLessThan(90)
  })
})

describe('the simulated KV', () => {
  function createLocations() {
    const clock = { now: 1_000_000 }
    const kv = createSimulatedKV({ now: () => clock.now, staleness: 60 })
    return { clock, here: kv.openLocation(), elsewhere: kv.openLocation() }
  }

  it('A location that has missed a key sees it only after the staleness', async () => {
    const { clock, here, elsewhere } = createLocations()
    expect(await elsewhere.get('key')).toBe(null)
    await here.put('key', 'value')
    clock.now += 59_999
    expect([await here.get('key'), await elsewhere.get('key')]).toEqual(['value', null])
    clock.now += 1
    expect(await elsewhere.get('key')).toBe('value')
  })

  it('A record that has expired is gone from every copy', async () => {
    const { clock, here } = createLocations()
    await here.put('key', 'value', { expirationTtl: 60 })
    clock.now += 30_000
    expect(await here.get('key')).toBe('value')
    clock.now += 30_000
    expect(await here.get('key')).toBe(null)
  })

  it('A second write to one key within a second fails, and a write to another key does not', async () => {
    const { clock, here, elsewhere } = createLocations()
    await here.put('key', '1')
    clock.now += 999
    await expect(elsewhere.put('key', '2')).rejects.toThrow('429')
    await elsewhere.put('other', '2')
    clock.now += 1
    await elsewhere.put('key', '2')
    expect(await elsewhere.get('key')).toBe('2')
  })

  it('A list is as old as a read, and shows at once what its own location writes', async () => {
    const { clock, here, elsewhere } = createLocations()
    const list = async (location: KVNamespace) => (await location.list({ prefix: 'k' })).keys.length
    expect(await list(elsewhere)).toBe(0)
    await here.put('key', 'value')
    expect([await list(here), await list(elsewhere)]).toEqual([1, 0])
    clock.now += 60_000
    expect(await list(elsewhere)).toBe(1)
  })
})
