/** Rate limits in the shape of Cloudflare's binding: so many a minute, in Redis or in this process. */

import type { RedisStore } from './redis'
import { serverRuntime } from './runtime'

/** The most keys that a process counts; beyond it, it begins anew. */
const MOST_KEYS = 100_000

/** @param limit requests a minute; 0 for no limit */
export function createLimiter(name: string, limit: number, redis: RedisStore | null) {
  if (limit === 0) return null
  const count = redis
    ? (key: string) => redis.count(`${name}:${key}`, serverRuntime.now())
    : countHere()
  return {
    limit: async ({ key }: { key: string }) => ({ success: (await count(key)) <= limit }),
  }
}

function countHere() {
  const counts = new Map<string, number>()
  let minute = 0
  return async (key: string) => {
    const current = Math.floor(serverRuntime.now() / 60)
    if (current !== minute || counts.size >= MOST_KEYS) counts.clear()
    minute = current
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return count
  }
}
