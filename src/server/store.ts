/**
 * Where a server keeps sessions and access_tokens, with a view in the shape of Workers KV for the code
 * of the Worker. Every process on the same store sees a log-out at once.
 */

export interface Entry {
  readonly value: Uint8Array
  /** A JSON text. */
  readonly metadata: string
}

/** Names are compared byte by byte. What a store cannot find out rejects; what has ended is `null`. */
export interface Store {
  read(name: string): Promise<Entry | null>
  write(name: string, entry: Entry, lifetimeSeconds: number): Promise<void>
  remove(name: string): Promise<void>
  /** All live entries of an owner, which is what {@link toOwner} gives for their names. */
  list(owner: string): Promise<readonly { name: string; metadata: string }[]>
  close(): Promise<void>
  /** Appends a message to a stream, in Redis. */
  append?(stream: string, message: string): Promise<void>
  /** Counts a key of a minute for all processes, in Redis. */
  count?(key: string, minute: number): Promise<number>
}

/** What a store takes of the outside world. */
export interface StoreOptions {
  /** Unix time in whole seconds. */
  readonly now: () => number
  readonly warn: (reason: string) => void
}

/** What a name begins with, up to its last colon. */
export function toOwner(name: string): string {
  return name.slice(0, name.lastIndexOf(':') + 1)
}

/** Waits no longer than so many milliseconds: a store that is silent is a store that fails. */
export function within<Value>(milliseconds: number, task: Promise<Value>, onSilence?: () => void) {
  // Unlike an AbortSignal, a timer can be cleared: the signal would abort, and cost, in any case.
  const silence = Promise.withResolvers<never>()
  silence.promise.catch(() => onSilence?.())
  const timer = setTimeout(() => silence.reject(new Error('the store is silent')), milliseconds)
  return Promise.race([task, silence.promise]).finally(() => clearTimeout(timer))
}

/** The store in the shape of a KV namespace: as much of it as the Worker uses. */
export function toNamespace(store: Store) {
  async function getWithMetadata(name: string) {
    const entry = await store.read(name)
    if (!entry) return { value: null, metadata: null }
    // The bytes alone: a client can hand out a view of a larger buffer.
    const value = Uint8Array.from(entry.value).buffer
    return { value, metadata: JSON.parse(entry.metadata) as unknown }
  }
  return {
    getWithMetadata,
    get: async (name: string) => (await getWithMetadata(name)).value,
    put: (
      name: string,
      value: Uint8Array,
      { expirationTtl, metadata = null }: { expirationTtl: number; metadata?: unknown },
    ) => store.write(name, { value, metadata: JSON.stringify(metadata) }, expirationTtl),
    delete: (name: string) => store.remove(name),
    list: async ({ prefix }: { prefix: string }) => ({
      keys: (await store.list(prefix)).map(({ name, metadata }) => ({
        name,
        metadata: JSON.parse(metadata) as unknown,
      })),
      list_complete: true,
    }),
  }
}
