/** The contract of a store, kept by Workers KV, but for lifetimes: KV has none under 60 seconds. */

import { env } from 'cloudflare:workers'
import { listKeys } from '../../../src/lib/kv'
import type { Store } from '../../../src/server/store'
import { describeStore } from '../../support/store-contract'

const store: Store = {
  async read(name) {
    const { value, metadata } = await env.SESSIONS.getWithMetadata(name, 'arrayBuffer')
    return value && { value: new Uint8Array(value), metadata: JSON.stringify(metadata) }
  },
  write: (name, { value, metadata }, expirationTtl) =>
    env.SESSIONS.put(name, value, { expirationTtl, metadata: JSON.parse(metadata) }),
  remove: (name) => env.SESSIONS.delete(name),
  async list(prefix) {
    const keys = await Array.fromAsync(listKeys(env.SESSIONS, prefix))
    return keys.map(({ name, metadata }) => ({ name, metadata: JSON.stringify(metadata) }))
  },
  close: async () => {},
}

describeStore('Workers KV', async () => ({ store, other: store }))
