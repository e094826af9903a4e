/**
 * Workers KV as its documentation describes it, with locations that lag behind each other. The local
 * simulator is strongly consistent, so it cannot show what the delay does.
 *
 * Each location keeps what it has read, a missing key too, for `staleness` seconds, whatever
 * `cacheTtl` a read asks for. A write or a delete shows at once where it is made. Expiry always takes
 * precedence. A second write to one key within a second fails.
 *
 * @see https://developers.cloudflare.com/kv/concepts/how-kv-works/
 */

import type { KVOperation } from '../../support/kv'

export interface SimulatedKVOptions {
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** How long a location may keep what it has read, in seconds. */
  readonly staleness: number
  /** Called for each operation with its key, or the prefix of a list, before it runs. */
  readonly onOperation?: (operation: KVOperation, key: string) => void
}

interface StoredRecord {
  readonly value: ArrayBuffer
  readonly metadata: unknown
  /** Unix milliseconds. */
  readonly expiresAt: number
  readonly writtenAt: number
}

interface Copy<Content> {
  readonly content: Content
  readonly readAt: number
}

export type SimulatedKV = ReturnType<typeof createSimulatedKV>

/**
 * @example
 * const kv = createSimulatedKV({ now: () => clock.milliseconds, staleness: 60 })
 * const env = { ...bindings, SESSIONS: kv.openLocation() }
 */
export function createSimulatedKV({ now, staleness, onOperation }: SimulatedKVOptions) {
  const records = new Map<string, StoredRecord>()
  const reads = { total: 0, fromCopy: 0 }
  let refusedWrites = 0

  const isFresh = (copy: { readAt: number } | undefined) =>
    copy !== undefined && now() - copy.readAt < staleness * 1000
  const isAlive = (record: StoredRecord | undefined): record is StoredRecord =>
    record !== undefined && now() < record.expiresAt

  function listNames(prefix: string): KVNamespaceListKey<unknown>[] {
    return [...records]
      .filter(([name, record]) => name.startsWith(prefix) && isAlive(record))
      .map(([name, { metadata }]) => ({ name, metadata }))
  }

  /** The namespace as one more location sees it. */
  function openLocation(): KVNamespace {
    const copies = new Map<string, Copy<StoredRecord | undefined>>()
    const lists = new Map<string, Copy<KVNamespaceListKey<unknown>[]>>()

    function read(key: string): StoredRecord | undefined {
      onOperation?.('get', key)
      const known = copies.get(key)
      const copy = known && isFresh(known) ? known : { content: records.get(key), readAt: now() }
      reads.total++
      if (copy === known) reads.fromCopy++
      copies.set(key, copy)
      return isAlive(copy.content) ? copy.content : undefined
    }

    function change(key: string, record: StoredRecord | undefined): void {
      if (record) records.set(key, record)
      else records.delete(key)
      copies.set(key, { content: record, readAt: now() })
      for (const prefix of lists.keys()) if (key.startsWith(prefix)) lists.delete(prefix)
    }

    const location = {
      get: async (key: string, options?: unknown) => toValue(read(key), options),
      getWithMetadata: async (key: string, options?: unknown) => {
        const record = read(key)
        return { value: toValue(record, options), metadata: record?.metadata ?? null }
      },
      put: async (
        key: string,
        value: string | ArrayBuffer,
        options: KVNamespacePutOptions = {},
      ) => {
        onOperation?.('put', key)
        const { expirationTtl = Number.POSITIVE_INFINITY, metadata = null } = options
        if (now() - (records.get(key)?.writtenAt ?? 0) < 1000) {
          refusedWrites++
          throw new Error('KV PUT failed: 429 Too Many Requests')
        }
        const times = { expiresAt: now() + expirationTtl * 1000, writtenAt: now() }
        change(key, { value: toBytes(value), metadata, ...times })
      },
      delete: async (key: string) => {
        onOperation?.('delete', key)
        change(key, undefined)
      },
      list: async ({ prefix = '' }: { prefix?: string } = {}) => {
        onOperation?.('list', prefix)
        const known = lists.get(prefix)
        const copy = known && isFresh(known) ? known : { content: listNames(prefix), readAt: now() }
        lists.set(prefix, copy)
        return { keys: copy.content, list_complete: true, cacheStatus: null }
      },
    }
    // Only what the Worker uses.
    return location as unknown as KVNamespace
  }

  return {
    openLocation,
    /** Reads so far, and how many of them a location answered from its copy. */
    reads,
    /** Writes refused so far because another one to the same key was less than a second before. */
    refusedWrites: () => refusedWrites,
    /** The number of live records with this prefix, and their bytes: key, value and metadata. */
    measure(prefix: string): { records: number; bytes: number } {
      const alive = [...records].filter(
        ([key, record]) => key.startsWith(prefix) && isAlive(record),
      )
      const sizes = alive.map(
        ([key, { value, metadata }]) =>
          key.length + value.byteLength + JSON.stringify(metadata).length,
      )
      return { records: alive.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
    },
  }
}

function toBytes(value: string | ArrayBuffer): ArrayBuffer {
  return typeof value === 'string' ? new TextEncoder().encode(value).slice().buffer : value
}

function toValue(record: StoredRecord | undefined, options: unknown): unknown {
  if (!record) return null
  const type = typeof options === 'object' ? (options as { type?: string } | null)?.type : options
  if (type === 'arrayBuffer') return record.value
  const text = new TextDecoder().decode(record.value)
  return type === 'json' ? JSON.parse(text) : text
}
