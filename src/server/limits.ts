/** Rate limits in the shape of Cloudflare's binding: so many a minute, in Redis or in this process. */

import { serverRuntime } from './runtime'
import { type Environment, parseWhole } from './settings'
import type { Store } from './store'

const LIMITS = { LOGIN_LIMIT: 1000, USER_LIMIT: 120 }

/** The limiter of a setting, which counts requests a minute; 0 is no limit. @throws {StartFault} */
export function createLimiter(env: Environment, name: keyof typeof LIMITS, store: Store) {
  const limit = parseWhole(env, name, LIMITS[name])
  if (limit === 0) return undefined
  const count = store.count ?? countHere()
  return {
    async limit({ key }: { key: string }) {
      const minute = Math.floor(serverRuntime.now() / 60)
      return { success: (await count(`${name}:${key}`, minute)) <= limit }
    },
  }
}

function countHere(): NonNullable<Store['count']> {
  let [counted, counts] = [Number.NaN, new Map<string, number>()]
  return async (key, minute) => {
    // Beyond so many keys it begins anew.
    if (minute !== counted || counts.size >= 100_000) [counted, counts] = [minute, new Map()]
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}
