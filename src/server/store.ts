/**
 * Where a server keeps sessions and access_tokens: five operations, and a view of them that has the
 * shape of Workers KV. So the code of the Worker keeps "sessions in KV with expiry" as its one
 * contract. A log-out is seen by every process on the same store at once.
 */

export interface Entry {
  readonly value: Uint8Array
  /** A JSON value; `null` for none. */
  readonly metadata: unknown
}

/** What an owner's list shows of an entry. */
export interface ListedEntry {
  readonly name: string
  readonly metadata: unknown
}

/** Names are compared byte by byte. Whatever a store cannot find out rejects. */
export interface Store {
  /** The entry of this name; `null` if there is none, or if its lifetime is over. */
  read(name: string): Promise<Entry | null>
  /** @param seconds its lifetime */
  write(name: string, entry: Entry, seconds: number): Promise<void>
  remove(name: string): Promise<void>
  /** All live entries of an owner: the beginning that their names have, up to the last colon. */
  list(owner: string): Promise<readonly ListedEntry[]>
  close(): Promise<void>
}

/** What a name begins with, up to its last colon. */
export function toOwner(name: string): string {
  return name.slice(0, name.lastIndexOf(':') + 1)
}

/** A promise that gives up after so many milliseconds: a store that is silent is a store that fails. */
export async function within<Result>(milliseconds: number, task: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>()
  const reject = () => late.reject(new Error('the store did not answer in time'))
  const timer = setTimeout(reject, milliseconds)
  try {
    return await Promise.race([task, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The store in the shape of a KV namespace: as much of it as the Worker uses. */
export function toNamespace(store: Store) {
  const getWithMetadata = async (name: string) => {
    const entry = await store.read(name)
    return { value: entry && toArrayBuffer(entry.value), metadata: entry?.metadata ?? null }
  }
  return {
    getWithMetadata,
    get: async (name: string) => (await getWithMetadata(name)).value,
    put: (name: string, value: Uint8Array, options: PutOptions) =>
      store.write(name, { value, metadata: options.metadata ?? null }, options.expirationTtl),
    delete: (name: string) => store.remove(name),
    list: async ({ prefix }: { prefix: string }) => ({
      keys: await store.list(prefix),
      list_complete: true,
    }),
  }
}

interface PutOptions {
  readonly expirationTtl: number
  readonly metadata?: unknown
}

/** The bytes alone: a client can hand out a view of a larger buffer. */
function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
