import { beforeAll, describe, expect, it } from 'vitest'
import { createBackend, type Day, simulateDay } from './bench/simulation/day'
import { createSimulatedKV } from './bench/simulation/kv'
import { createRequest, createSystem, type Usage } from './bench/simulation/system'
import { measureWaits, WAITING_OPERATIONS } from './bench/simulation/waits'
import { createRandom } from './support/random'

const SEED = 1

describe('a simulated day', () => {
  let day: Day
  beforeAll(async () => {
    // The first user of the pattern does everything that it has.
    const backend = { keepSeconds: 0, processes: 1 }
    day = await simulateDay({ users: 20, staleness: 60, seed: SEED, backend })
  })

  /** What one request of this kind costs. All of them cost the same. */
  const toCost = ({ requests, ...caused }: Usage) =>
    Object.entries(caused).map(([name, amount]) => [name, amount / requests])

  it('Every request of a simulated day costs the KV operations and calls to WeChat that the budget says', () => {
    const free = { get: 0, put: 0, delete: 0, list: 0, wechat: 0, queueMessages: 0 }
    const costs = Object.entries(day.usage).map(([kind, usage]) => [
      kind,
      Object.fromEntries(toCost(usage)),
    ])
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

describe('the waits of an operation', () => {
  it('An operation waits for this, in this sequence, and for nothing else', async () => {
    const entries = WAITING_OPERATIONS.map(async (name) => {
      const { sequence } = await measureWaits(name, false)
      return [name, sequence.join(', ')]
    })
    expect(Object.fromEntries(await Promise.all(entries))).toEqual({
      'login without a session': 'WeChat, KV write',
      'login that ends a live session': 'KV read + WeChat, KV write, KV delete',
      'login with a hook': 'WeChat, hook, KV write',
      check: 'KV read',
      introspection: 'KV read',
      gateway: 'KV read',
      decryption: 'KV read',
      'JWT access token': 'KV read',
      'phone number': 'KV read, WeChat',
      'reset of the session_key': 'KV read, WeChat, KV read, KV write, KV delete',
      'list of devices': 'KV read, KV list',
      'log-out': 'KV read, KV delete',
      'log-out of another device': 'KV read, KV read, KV delete',
      'log-out of two devices': 'KV read, KV list, KV delete, KV delete',
      'pushed event with Queue and hook': 'Queue, hook',
    })
  })
})

describe('an ended session', () => {
  const [STALENESS, KEEP_SECONDS] = [60, 30]
  /** The last second after the end in which a backend accepted one of the tokens; -1 for none. */
  const last = { here: -1, elsewhere: -1, keptHere: -1, keptElsewhere: -1 }
  const places = ['here', 'elsewhere', 'keptHere', 'keptElsewhere'] as const

  // Somebody has a copy of each token. The copies in KV, and the answers that backends keep, are of any
  // age when the session ends.
  beforeAll(async () => {
    const random = createRandom(SEED)
    const system = createSystem({ staleness: STALENESS, locations: 2, isolatesPerLocation: 2 })
    const toBackend = (location: number, keepSeconds: number) =>
      createBackend(system, { location, keepSeconds, processes: 1 })
    const backends = {
      here: toBackend(0, 0),
      elsewhere: toBackend(1, 0),
      keptHere: toBackend(0, KEEP_SECONDS),
      keptElsewhere: toBackend(1, KEEP_SECONDS),
    }
    for (const user of ['alice', 'bob', 'carol', 'dave']) {
      const { token } = await system.login(user, { location: 0 })
      const keptFrom = -1 - random.below(KEEP_SECONDS)
      for (let second = -random.below(STALENESS) - KEEP_SECONDS - 1; second < 100; second++) {
        if (second === 0) await system.send(0, createRequest('DELETE', '/session', { token }))
        for (const place of places) {
          if (place.startsWith('kept') && second < keptFrom) continue
          const { active } = await backends[place](token)
          if (active) last[place] = Math.max(last[place], second)
        }
        system.clock.milliseconds += 1000
      }
    }
  })

  it('An ended session is never accepted in the location where it ended', () => {
    expect(last.here).toBe(-1)
  })

  it("An ended session is accepted in another location while KV's copy is up to 60 s old, and no longer", () => {
    expect(last.elsewhere).toBeGreaterThan(30)
    expect(last.elsewhere).toBeLessThan(60)
  })

  it('A backend that keeps introspection answers for 30 s accepts an ended session for that much longer', () => {
    expect(last.keptHere).toBeGreaterThan(0)
    expect(last.keptHere).toBeLessThan(30)
    expect(last.keptElsewhere).toBeGreaterThan(60)
    expect(last.keptElsewhere).toBeLessThan(90)
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
})
