/** What Workers KV allows, and what its errors say. */

/** The shortest lifetime of a key, in seconds. */
export const SHORTEST_TTL_SECONDS = 60

/** The shortest time for which a location caches a key, in seconds. */
export const SHORTEST_CACHE_SECONDS = 30

/** For the log: KV's messages name the operation and the status, but no key or value. */
export function toKVErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 100) : 'KV failed'
}

/** All keys with a prefix. A page can be empty without being the last one. */
export async function* listKeys(
  namespace: KVNamespace,
  prefix: string,
): AsyncGenerator<KVNamespaceListKey<unknown>> {
  let cursor: string | null = null
  do {
    const page: KVNamespaceListResult<unknown> = await namespace.list({ prefix, cursor })
    yield* page.keys
    cursor = page.list_complete ? null : page.cursor
  } while (cursor !== null)
}
