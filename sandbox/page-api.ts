/** What the watch page reads and sets besides the phone. The page itself is in page/. */

import { type Context, Hono } from 'hono'
import { readFields } from './phone-request'
import type { Recorder } from './recorder'
import type { Clock, Delay } from './time'

interface PageApiOptions {
  readonly clock: Clock
  readonly delay: Delay
  readonly recorder: Recorder
  readonly sessions: KVNamespace
}

const MAX_RECORDS = 5
const SHOWN_BYTES = 24

export function createPageApi({ clock, delay, recorder, sessions }: PageApiOptions): Hono {
  const api = new Hono()

  /** The time, and the entries after the one with this number: `?after=0`. */
  api.get('/watch', (c) => {
    const entries = recorder.after(Number(c.req.query('after') ?? 0))
    const last = recorder.last()
    return c.json({ now: clock.now(), skipped: clock.skipped(), last, entries })
  })

  /** The newest records of the KV namespace, as anyone with access to it sees them. */
  api.get('/kv', async (c) => {
    const { keys } = await sessions.list<{ createdAt?: number }>()
    const createdAt = (key: (typeof keys)[number]) => key.metadata?.createdAt ?? 0
    const newest = keys.toSorted((a, b) => createdAt(b) - createdAt(a)).slice(0, MAX_RECORDS)
    const records = await Promise.all(newest.map(findRecord))
    return c.json({ count: keys.length, records: records.filter((record) => record !== null) })
  })

  /** Sets the clock forward: `{"skip": 300}`. */
  api.post('/clock', async (c) => {
    const seconds = await readNumber(c, 'skip')
    if (seconds === null) return c.text('Send {"skip": seconds}.\n', 400)
    clock.skip(seconds)
    return c.json({ now: clock.now(), skipped: clock.skipped() })
  })

  /** Delays the next call to WeChat: `{"milliseconds": 800}`. */
  api.post('/slow', async (c) => {
    const milliseconds = await readNumber(c, 'milliseconds')
    if (milliseconds === null) return c.text('Send {"milliseconds": number}.\n', 400)
    delay.set(milliseconds)
    return c.body(null, 204)
  })

  async function findRecord({ name, metadata }: KVNamespaceListKey<unknown>) {
    const value = await sessions.get(name, 'arrayBuffer')
    if (!value) return null
    const beginning = new Uint8Array(value.slice(0, SHOWN_BYTES)).toHex()
    return { name, metadata: metadata ?? null, size: value.byteLength, beginning }
  }

  return api
}

/** A member of the body that is a whole number of zero or more; otherwise `null`. */
async function readNumber(c: Context, name: string): Promise<number | null> {
  const value = (await readFields(c))[name]
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null
}
