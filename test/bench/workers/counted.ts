/**
 * The whole Worker on a KV namespace that counts, and that stops where Cloudflare stops one
 * invocation. Each answer says in a header what it took. For one request at a time.
 */

import { createApp } from '../../../src/http/app'

interface Env {
  readonly SESSIONS: KVNamespace
}

/** @see https://developers.cloudflare.com/kv/platform/limits/ */
const OPERATIONS_PER_INVOCATION = 1000

const counts = new Map<string, number>()
let operations = 0

const app = createApp()
let counted: Env | undefined

export default {
  async fetch(request, env, ctx) {
    counts.clear()
    operations = 0
    counted ??= { ...env, SESSIONS: new Proxy(env.SESSIONS, { get: countedMethod }) }
    const response = await app.fetch(request, counted, ctx)
    const headers = new Headers(response.headers)
    headers.set('KV-Operations', JSON.stringify(Object.fromEntries(counts)))
    return new Response(response.body, { status: response.status, headers })
  },
} satisfies ExportedHandler<Env>

function countedMethod(namespace: KVNamespace, name: string): unknown {
  return (...parameters: unknown[]) => {
    if (++operations > OPERATIONS_PER_INVOCATION) {
      throw new Error('Too many API requests by single Worker invocation.')
    }
    const operation = name.replace('WithMetadata', '')
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    const method: unknown = Reflect.get(namespace, name)
    return typeof method === 'function' ? Reflect.apply(method, namespace, parameters) : method
  }
}
