/** Rate limits in the shape of Cloudflare's binding: so many a minute, in Redis or in this process. */

import { BoundedMap } from '../lib/bounded-map'
import type { RedisStore } from './redis'
import { serverRuntime } from './runtime'
import { type Environment, parseWhole } from './settings'

/** The limiter of a setting, which counts requests a minute; 0 is no limit. @throws {StartFault} */
export function createLimiter(
  env: Environment,
  name: 'LOGIN_LIMIT' | 'USER_LIMIT',
  { standard, redis }: { standard: number; redis: RedisStore | null },
) {
  const limit = parseWhole(env, name, standard)
  if (limit === 0) return undefined
  const count = redis?.count ?? countHere()
  return {
    async limit({ key }: { key: string }) {
      const minute = Math.floor(serverRuntime.now() / 60)
      return { success: (await count(`${name}:${key}`, minute)) <= limit }
    },
  }
}

function countHere(): RedisStore['count'] {
  // Beyond its bound it forgets the key that was counted longest ago.
  const counts = new BoundedMap<string, number>()
  return async (key, minute) => {
    const name = `${minute}:${key}`
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count
  }
}
