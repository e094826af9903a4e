/**
 * The whole Worker with a KV namespace that counts its operations, and that fails after as many as
 * Cloudflare allows one invocation. Each answer has the counts in a header. It serves one request at
 * a time.
 */

import { createApp } from '../../../src/index'
import { hookedKV } from '../../support/kv'

interface Env {
  readonly SESSIONS: KVNamespace
}

/** @see https://developers.cloudflare.com/kv/platform/limits/ */
const OPERATIONS_PER_INVOCATION = 1000

const counts = new Map<string, number>()
let operations = 0

const app = createApp()
let countedEnv: Env | undefined

export default {
  async fetch(request, env, ctx) {
    counts.clear()
    operations = 0
    countedEnv ??= { ...env, SESSIONS: countedKV(env.SESSIONS) }
    const response = await app.fetch(request, countedEnv, ctx)
    const headers = new Headers(response.headers)
    headers.set('KV-Operations', JSON.stringify(Object.fromEntries(counts)))
    return new Response(response.body, { status: response.status, headers })
  },
} satisfies ExportedHandler<Env>

function countedKV(real: KVNamespace): KVNamespace {
  return hookedKV(real, (operation, _, proceed) => {
    if (++operations > OPERATIONS_PER_INVOCATION) {
      throw new Error('Too many API requests by single Worker invocation.')
    }
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    return proceed()
  })
}
