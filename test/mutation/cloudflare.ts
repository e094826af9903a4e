/** Stands in for workerd in Node: the modules `cloudflare:*` with a KV in memory, and globals. */

import { timingSafeEqual } from 'node:crypto'
import { scheduler } from 'node:timers/promises'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The vars of the sandbox's wrangler.toml. */
    vars: Record<string, string>
  }
}

interface ReadOptions {
  readonly type?: 'text' | 'json' | 'arrayBuffer'
  readonly cacheTtl?: number
}

/** `expiration` is in Unix seconds. */
const entries = new Map<string, { body: Blob; metadata: unknown; expiration: number }>()

async function getWithMetadata(
  key: string | readonly string[],
  options: ReadOptions['type'] | ReadOptions = 'text',
): Promise<{ value: unknown; metadata: unknown } | Map<string, unknown>> {
  if (typeof key !== 'string') {
    const read = async (one: string) => [one, await getWithMetadata(one, options)] as const
    return new Map(await Promise.all(key.map(read)))
  }
  const { type = 'text', cacheTtl = 60 } = typeof options === 'string' ? { type: options } : options
  if (cacheTtl < 30) throw new Error('KV GET failed: 400 Invalid cache_ttl')
  const entry = entries.get(key)
  if (!entry || entry.expiration < Date.now() / 1000) return { value: null, metadata: null }
  return { value: await new Response(entry.body)[type](), metadata: entry.metadata ?? null }
}

async function put(
  key: string,
  value: string | ArrayBuffer | ArrayBufferView,
  options: KVNamespacePutOptions = {},
) {
  const { expirationTtl = Number.POSITIVE_INFINITY, metadata } = options
  if (expirationTtl < 60) throw new Error('KV PUT failed: 400 Invalid expiration_ttl')
  const expiration = Math.floor(Date.now() / 1000) + expirationTtl
  entries.set(key, { body: new Blob([value]), metadata: structuredClone(metadata), expiration })
}

async function list({ prefix, limit, cursor }: KVNamespaceListOptions = {}) {
  const isListed = (name: string) => name.startsWith(prefix ?? '') && name > (cursor ?? '')
  const names = [...entries.keys()].filter(isListed).sort()
  const page = names.slice(0, limit ?? 1000)
  const keys = page.map((name) => {
    const { metadata, expiration } = entries.get(name) ?? {}
    return { name, metadata, ...(Number.isFinite(expiration) && { expiration }) }
  })
  return { keys, list_complete: page.length === names.length, cursor: page.at(-1) }
}

export const env = {
  ...inject('vars'),
  SESSIONS: {
    get: async (key: string, options?: ReadOptions) =>
      Reflect.get(await getWithMetadata(key, options), 'value'),
    getWithMetadata,
    put,
    list,
    delete: async (key: string) => void entries.delete(key),
  },
}

export const reset = async () => entries.clear()
export const createExecutionContext = () => ({ waitUntil, passThroughOnException() {}, props: {} })
export const waitUntil = () => {}
export const connect = () => ({ opened: Promise.resolve(), closed: Promise.resolve(), close() {} })

export class WorkerEntrypoint {
  readonly ctx: object
  readonly env: object

  constructor(ctx: object, env: object) {
    this.ctx = ctx
    this.env = env
  }
}

const { getReader } = ReadableStream.prototype

Object.assign(ReadableStream.prototype, {
  /** No BYOB readers: at the end of a stream, those of Node do not give what is left. */
  getReader(this: ReadableStream, options?: object) {
    if (options) throw new TypeError('not a byte stream')
    return Reflect.apply(getReader, this, [])
  },
})
Object.assign(crypto.subtle, { timingSafeEqual })
Object.assign(globalThis, {
  scheduler,
  IdentityTransformStream: TransformStream,
  FixedLengthStream: class extends TransformStream {
    constructor(_length: number) {
      super()
    }
  },
  Request: class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(input, init instanceof Request ? init : ({ duplex: 'half', ...init } as RequestInit))
    }
  },
})
