/**
 * Sessions in Redis, 7 or later. An index of an owner's entries stands beside them in the same
 * cluster slot, and both are written at once.
 *
 *     code2session:{<owner>}<rest of the name>   hash of value and metadata
 *     code2session:{<owner>}                     sorted set of names, scored by the end of each
 *     code2session:limit:<minute>:<key>          counter of a rate limit
 */

import { loadClient, StartFault, toStoreFault } from './fault'
import { type Store, toOwner, within } from './store'

/** How long Redis may be silent, in milliseconds. */
const PATIENCE_MILLISECONDS = 2500

/** How far the clocks of processes may be apart when an index is cleaned, in milliseconds. */
const CLOCK_SKEW_MILLISECONDS = 60_000

const AWAY = 'Redis does not answer'
const REFUSED = 'Redis refuses the user, the password or the database'
const REFUSALS = /WRONGPASS|NOAUTH|NOPERM|ERR (AUTH|Client sent AUTH|invalid password|DB index)/

/** A script: the client takes several times as long for a transaction of as many commands. */
const WRITE = `
local name, value, metadata, seconds, ends, outdated = unpack(ARGV)
redis.call('HSET', KEYS[1], 'value', value, 'metadata', metadata)
redis.call('EXPIRE', KEYS[1], seconds)
redis.call('ZADD', KEYS[2], ends, name)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', outdated)
-- The longest lifetime counts. GT alone would not set a first one.
redis.call('EXPIRE', KEYS[2], seconds, 'NX')
redis.call('EXPIRE', KEYS[2], seconds, 'GT')`

/**
 * Connects to Redis. If it does not answer, this warns, and goes on trying.
 *
 * @param url `redis://…` or `rediss://…`
 * @throws {StartFault} for a refused password, an old Redis, or a client that is not installed
 */
export async function openRedis(url: string, warn: (reason: string) => void): Promise<Store> {
  const redis = await loadClient('@redis/client', () => import('@redis/client'))
  const client = await connect(redis, url, warn)
  const bytes = client.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer })
  const run = <Result>(task: Promise<Result>) =>
    within(PATIENCE_MILLISECONDS, task, () => {
      client.destroy()
      client.connect().catch(() => undefined)
    })

  return {
    async read(name) {
      const [value, metadata] = await run(bytes.hmGet(toKey(name), ['value', 'metadata']))
      return value instanceof Uint8Array ? { value, metadata: String(metadata) } : null
    },
    async write(name, { value, metadata }, seconds) {
      const now = Date.now()
      const keys = [toKey(name), toIndex(toOwner(name))]
      const times = [seconds, now + seconds * 1000, now - CLOCK_SKEW_MILLISECONDS].map(String)
      const values = [name, Buffer.from(value), metadata, ...times]
      await run(client.eval(WRITE, { keys, arguments: values }))
    },
    async remove(name) {
      const index = toIndex(toOwner(name))
      await run(client.multi().del(toKey(name)).zRem(index, name).exec())
    },
    async list(owner) {
      const names = await run(client.zRange(toIndex(owner), 0, -1))
      const read = (name: string) => client.hGet(toKey(name), 'metadata')
      const metadata = await run(Promise.all(names.map(read)))
      const entries = names.map((name, index) => ({ name, metadata: metadata[index] ?? '' }))
      // One without metadata is at the end of its lifetime.
      return entries.filter(({ metadata }) => metadata !== '')
    },
    close: async () => client.destroy(),
    async append(stream, message) {
      await run(client.xAdd(stream, '*', { message }))
    },
    async count(key, minute) {
      const name = `code2session:limit:${minute}:${key}`
      const [count] = await run(client.multi().incr(name).expire(name, 60).exec())
      return Number(count)
    },
  }
}

type Redis = typeof import('@redis/client')

async function connect({ createClient }: Redis, url: string, warn: (reason: string) => void) {
  const options = {
    url,
    // What Redis cannot take now fails now: a phone must not wait for a queue.
    disableOfflineQueue: true,
    // Both replace a connection that is idle and has gone silent; `run` replaces one in use.
    pingInterval: 2000,
    socket: { socketTimeout: 6000, reconnectStrategy: 500 },
    // A signal for each command takes longer than the command: `within` sees to its time.
    commandOptions: { timeout: 0 },
  }
  const client = await Promise.try(() => createClient(options)).catch(toStoreFault)
  let reported: string | null = null
  // What ends a server that starts is all that it says.
  let isStarting = true
  const report = (reason: string) => {
    if (reason !== reported && (reason === AWAY || !isStarting)) warn(reason)
    reported = reason
  }
  client.on('ready', () => {
    reported = null
  })
  client.on('error', ({ message }: Error) => report(REFUSALS.test(message) ? REFUSED : AWAY))
  await within(PATIENCE_MILLISECONDS, client.connect().then(inspect)).catch(() => undefined)
  isStarting = false
  if (reported === null || reported === AWAY) return client
  throw new StartFault(`STORE: ${reported}`)

  /** Reports a Redis that is too old, or has settings under which sessions are lost or come back. */
  async function inspect(): Promise<void> {
    const version = /redis_version:(\d+)/.exec(await client.info('server'))?.[1]
    if (Number(version) < 7) return report(`Redis ${version} is too old; 7 is needed`)
    const names = ['maxmemory-policy', 'appendonly']
    // A managed Redis may not show its settings.
    const settings = await client.configGet(names).catch((): Record<string, string> => ({}))
    if (settings['maxmemory-policy'] === 'noeviction' && settings.appendonly === 'yes') return
    warn('Redis needs maxmemory-policy noeviction and appendonly yes: docs/server.md says why')
  }
}

function toIndex(owner: string): string {
  return `code2session:{${owner}}`
}

function toKey(name: string): string {
  const owner = toOwner(name)
  return `${toIndex(owner)}${name.slice(owner.length)}`
}
