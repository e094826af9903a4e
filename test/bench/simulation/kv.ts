/**
 * Workers KV as its documentation describes it, with locations that lag behind each other. The local
 * simulator is strongly consistent, so it cannot show what the delay does.
 *
 * Each location keeps what it has read, a missing key too, for `staleness` seconds, whatever
 * `cacheTtl` a read asks for. A write or a delete shows at once where it is made. A second write to one
 * key within a second fails. Nothing expires.
 *
 * @see https://developers.cloudflare.com/kv/concepts/how-kv-works/
 */

import type { KVOperation } from '../../support/kv'

export interface SimulatedKVOptions {
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** How long a location may keep what it has read, in seconds. */
  readonly staleness: number
  /**
   * Waited for before each operation. It gets the key, or the prefix of a list, and whether the
   * location has a copy.
   */
  readonly onOperation?: (operation: KVOperation, key: string, isHot: boolean) => unknown
}

interface StoredRecord {
  readonly value: string | ArrayBuffer
  readonly metadata: unknown
  readonly writtenAt: number
}

interface Copy {
  /** `null` for a key that was missing. */
  readonly record: StoredRecord | null
  readonly readAt: number
}

/**
 * @example
 * const kv = createSimulatedKV({ now: () => clock.milliseconds, staleness: 60 })
 * const env = { ...bindings, SESSIONS: kv.openLocation() }
 */
export function createSimulatedKV({ now, staleness, onOperation }: SimulatedKVOptions) {
  const records = new Map<string, StoredRecord>()
  let refusedWrites = 0

  const listRecords = (prefix: string) => [...records].filter(([key]) => key.startsWith(prefix))

  /** The namespace as one more location sees it. */
  function openLocation(): KVNamespace {
    const copies = new Map<string, Copy>()

    function findCopy(key: string): Copy | null {
      const copy = copies.get(key)
      return copy && now() - copy.readAt < staleness * 1000 ? copy : null
    }

    async function read(key: string): Promise<StoredRecord | null> {
      await onOperation?.('get', key, findCopy(key) !== null)
      const copy = findCopy(key) ?? { record: records.get(key) ?? null, readAt: now() }
      copies.set(key, copy)
      return copy.record
    }

    async function put(
      key: string,
      value: string | Uint8Array<ArrayBuffer>,
      { metadata = null }: KVNamespacePutOptions = {},
    ): Promise<void> {
      await onOperation?.('put', key, false)
      const writtenAt = now()
      if (writtenAt - (records.get(key)?.writtenAt ?? 0) < 1000) {
        refusedWrites++
        throw new Error('KV PUT failed: 429 Too Many Requests')
      }
      const stored = typeof value === 'string' ? value : value.slice().buffer
      const record = { value: stored, metadata, writtenAt }
      records.set(key, record)
      copies.set(key, { record, readAt: writtenAt })
    }

    const location = {
      get: async (key: string) => (await read(key))?.value ?? null,
      getWithMetadata: async (key: string) => (await read(key)) ?? { value: null, metadata: null },
      put,
      async delete(key: string) {
        await onOperation?.('delete', key, false)
        records.delete(key)
        copies.set(key, { record: null, readAt: now() })
      },
      async list({ prefix }: { prefix: string }) {
        await onOperation?.('list', prefix, false)
        const keys = listRecords(prefix).map(([name, { metadata }]) => ({ name, metadata }))
        return { keys, list_complete: true }
      },
    }
    // Only what the Worker uses.
    return location as unknown as KVNamespace
  }

  return {
    openLocation,
    /** Writes refused so far because another one to the same key was less than a second before. */
    refusedWrites: () => refusedWrites,
    /** The number of records with this prefix, and their bytes: key, value and metadata. */
    measure(prefix: string): { records: number; bytes: number } {
      const sizes = listRecords(prefix).map(([key, { value, metadata }]) => {
        const { length } = typeof value === 'string' ? value : new Uint8Array(value)
        return key.length + length + JSON.stringify(metadata).length
      })
      return { records: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
    },
  }
}
