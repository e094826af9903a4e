/** The Redis of the benchmark, if there is one. Without it, sessions are in the process's memory. */

import { createClient } from 'redis'

const { REDIS_PORT } = process.env

export const redis = REDIS_PORT ? await connect(REDIS_PORT) : null

function connect(port) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  // The benchmark has ended it.
  client.on('error', () => process.exit(1))
  return client.connect()
}
