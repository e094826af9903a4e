/** The Redis of the benchmark. */

import { createClient } from 'redis'

export const redis = createClient({ url: `redis://127.0.0.1:${process.env.REDIS_PORT}` })
await redis.connect()
