/** Rate limits in the shape of Cloudflare's binding: so many a minute, in Redis or in this process. */

import type { RedisStore } from './redis'
import { serverRuntime } from './runtime'

/** The most keys that a process counts; beyond it, it begins anew. */
const MOST_KEYS = 100_000

/** @param limit requests a minute; 0 for no limit */
export function createLimiter(name: string, limit: number, redis: RedisStore | null) {
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
  const counts = new Map<string, number>()
  let counted = 0
  return async (key, minute) => {
    if (minute !== counted || counts.size >= MOST_KEYS) counts.clear()
    counted = minute
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}
