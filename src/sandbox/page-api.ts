/** What the watch page asks the sandbox besides pressing its phone. The page itself is in page/. */

import { type Context, Hono } from 'hono'
import type { Recorder } from './recorder'
import type { Clock, Slowness } from './time'

interface WatchOptions {
  readonly clock: Clock
  readonly slowness: Slowness
  readonly recorder: Recorder
  readonly sessions: KVNamespace
}

const MOST_RECORDS = 5
const BEGINNING_BYTES = 24

export function createWatch({ clock, slowness, recorder, sessions }: WatchOptions): Hono {
  const watch = new Hono().basePath('/sandbox')

  /** The time, and what the Worker did after an entry: `?after=0`. */
  watch.get('/watch', (c) => {
    const entries = recorder.after(Number(c.req.query('after') ?? 0))
    const last = recorder.last()
    return c.json({ now: clock.now(), skipped: clock.skipped(), last, entries })
  })

  /** The newest records in KV, as anybody who reads KV finds them. */
  watch.get('/kv', async (c) => {
    const { keys } = await sessions.list<{ createdAt?: number }>()
    const age = (key: (typeof keys)[number]) => key.metadata?.createdAt ?? 0
    const newest = keys.toSorted((a, b) => age(b) - age(a)).slice(0, MOST_RECORDS)
    const records = await Promise.all(newest.map(recordOf))
    return c.json({ count: keys.length, records: records.filter((record) => record !== null) })
  })

  /** Sets the clock forward: `{"skip": 300}`. */
  watch.post('/clock', async (c) => {
    const seconds = await numberOf(c, 'skip')
    if (seconds === null) return c.text('{"skip": seconds}\n', 400)
    clock.skip(seconds)
    return c.json({ now: clock.now(), skipped: clock.skipped() })
  })

  /** Makes the next call to WeChat take so long: `{"milliseconds": 800}`. */
  watch.post('/slow', async (c) => {
    const milliseconds = await numberOf(c, 'milliseconds')
    if (milliseconds === null) return c.text('{"milliseconds": number}\n', 400)
    slowness.set(milliseconds)
    return c.body(null, 204)
  })

  async function recordOf({ name, metadata }: KVNamespaceListKey<unknown>) {
    const value = await sessions.get(name, 'arrayBuffer')
    if (!value) return null
    const beginning = new Uint8Array(value.slice(0, BEGINNING_BYTES)).toHex()
    return { name, metadata: metadata ?? null, size: value.byteLength, beginning }
  }

  return watch
}

/** A whole number of the body, zero or more; else `null`. */
async function numberOf(c: Context, name: string): Promise<number | null> {
  const body: unknown = await c.req.json().catch(() => null)
  const value = (Object(body) as Record<string, unknown>)[name]
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null
}
