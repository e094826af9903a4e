/** Sessions that an earlier run created under a clock that was set forward. */

/**
 * Deletes the sessions that begin after this time. KV outlives a run of `npm run dev` and the skipped
 * time does not, so they would be sessions from the future.
 *
 * @param now Unix time in whole seconds.
 */
export async function deleteFutureSessions(sessions: KVNamespace, now: number): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await sessions.list<{ createdAt?: number }>(cursor ? { cursor } : {})
    const future = page.keys.filter(({ metadata }) => (metadata?.createdAt ?? 0) > now)
    for (const { name } of future) await sessions.delete(name)
    cursor = page.list_complete ? undefined : page.cursor
  } while (cursor)
}
