/**
 * Sessions in Redis, 7 or later. Each entry is a hash; an index of an owner's entries stands beside
 * it in the same cluster slot, and both are written in one transaction.
 *
 *     code2session:{<owner>}<rest of the name>   hash of value and metadata, with a lifetime
 *     code2session:{<owner>}                     sorted set of names, scored by the end of each
 *     code2session:limit:<window>:<key>          counter of a rate limit
 */

import { loadClient, StartFault } from './fault'
import { type Store, toOwner, within } from './store'

/** How long Redis may be silent, in milliseconds. */
const PATIENCE_MILLISECONDS = 2500

/** How far the clocks of processes may be apart when an index is cleaned, in milliseconds. */
const CLOCK_SKEW_MILLISECONDS = 60_000

type Warn = (reason: string) => void

export interface RedisStore extends Store {
  /** Appends a message to a stream. */
  append(stream: string, message: string): Promise<void>
  /** Counts up, and gives the count of the current minute. */
  count(key: string, now: number): Promise<number>
}

/**
 * Connects to Redis. If it does not answer, this says so, and goes on trying.
 *
 * @param url `redis://…` or `rediss://…`
 * @param warn Takes what the operator should know
 * @throws {StartFault} for a refused password, an old Redis, or a client that is not installed
 */
export async function openRedis(url: string, warn: Warn): Promise<RedisStore> {
  const { createClient, RESP_TYPES } = await loadClient(
    '@redis/client',
    () => import('@redis/client'),
  )
  const client = createClient({
    url,
    // What Redis cannot take now fails now: a phone must not wait for a queue.
    disableOfflineQueue: true,
    // Notices a connection that has gone silent, and opens another one.
    pingInterval: 2000,
    socket: {
      connectTimeout: PATIENCE_MILLISECONDS,
      socketTimeout: 6000,
      reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 1000),
    },
  })
  let refusal: string | null = null
  let isAway = false
  client.on('error', (error: Error) => {
    refusal ??= /^(WRONGPASS|NOAUTH|NOPERM|ERR .*(AUTH|password))/.test(error.message)
      ? 'STORE: Redis refuses the user or the password'
      : null
    if (!isAway && !refusal) warn('Redis does not answer')
    isAway = true
  })
  client.on('ready', () => {
    isAway = false
  })
  const connected = client.connect()
  // Without an answer, it goes on trying in the background.
  connected.catch(() => undefined)
  await within(PATIENCE_MILLISECONDS, connected).catch(() => undefined)
  if (refusal) {
    client.destroy()
    throw new StartFault(refusal)
  }
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  const run = <Result>(task: Promise<Result>) => within(PATIENCE_MILLISECONDS, task)
  if (client.isReady) await run(inspect()).catch((error) => reportInspection(error, client, warn))

  /** Warns of settings under which sessions are lost, or ended ones come back. */
  async function inspect(): Promise<void> {
    const version = /redis_version:(\d+)/.exec(await client.info('server'))?.[1]
    if (Number(version) < 7)
      throw new StartFault(`STORE: Redis ${version} is too old; it must be 7 or later`)
    const settings = await client.configGet(['maxmemory-policy', 'appendonly'])
    if (settings['maxmemory-policy'] !== 'noeviction') {
      warn('Redis may evict sessions; set maxmemory-policy noeviction')
    }
    if (settings.appendonly !== 'yes') {
      warn('a restart of Redis may lose sessions or bring ended ones back; set appendonly yes')
    }
  }

  return {
    async read(name) {
      const [value, metadata] = await run(bytes.hmGet(toKey(name), ['value', 'metadata']))
      if (!(value instanceof Uint8Array)) return null
      return { value, metadata: JSON.parse(String(metadata)) }
    },
    async write(name, { value, metadata }, seconds) {
      const [key, index] = [toKey(name), toIndex(toOwner(name))]
      const now = Date.now()
      await run(
        client
          .multi()
          .hSet(key, { value: Buffer.from(value), metadata: JSON.stringify(metadata) })
          .expire(key, seconds)
          .zAdd(index, { score: now + seconds * 1000, value: name })
          .zRemRangeByScore(index, '-inf', now - CLOCK_SKEW_MILLISECONDS)
          // The longest lifetime counts. GT alone would not set a first one.
          .expire(index, seconds, 'NX')
          .expire(index, seconds, 'GT')
          .exec(),
      )
    },
    async remove(name) {
      const index = toIndex(toOwner(name))
      await run(client.multi().del(toKey(name)).zRem(index, name).exec())
    },
    async list(owner) {
      const names = await run(client.zRange(toIndex(owner), 0, -1))
      const metadata = await run(
        Promise.all(names.map((name) => client.hGet(toKey(name), 'metadata'))),
      )
      return names.flatMap((name, index) => {
        const text = metadata[index]
        // Its lifetime is over.
        return typeof text === 'string' ? [{ name, metadata: JSON.parse(text) }] : []
      })
    },
    async close() {
      client.destroy()
    },
    async append(stream, message) {
      await run(client.xAdd(stream, '*', { message }))
    },
    async count(key, now) {
      const name = `code2session:limit:${Math.floor(now / 60)}:${key}`
      const [count] = await run(client.multi().incr(name).expire(name, 60).exec())
      return Number(count)
    },
  }
}

/** A managed Redis may not show its settings. */
function reportInspection(error: unknown, client: { destroy(): void }, warn: Warn): void {
  if (!(error instanceof StartFault)) {
    warn('the settings of Redis cannot be read; it needs noeviction and appendonly yes')
    return
  }
  client.destroy()
  throw error
}

function toIndex(owner: string): string {
  return `code2session:{${owner}}`
}

function toKey(name: string): string {
  const owner = toOwner(name)
  return `${toIndex(owner)}${name.slice(owner.length)}`
}
