/**
 * A record of what happens on the server, for the watch page: the Workers' calls to WeChat and to each
 * other, WeChat's pushes, KV operations and questions to hooks. In memory, latest entries only.
 */

import { isObject } from '../src/lib/encoding'

/** A request and its response are separate entries, so that a pending call can be shown. */
export type Entry =
  | {
      kind: 'request'
      by: Caller
      id: number
      method: string
      path: string
      query: Query
      body: string
    }
  | { kind: 'response'; by: Caller; id: number; status: number; body: string }
  | { kind: 'kv'; operation: KVOperation; key: string }
  | { kind: 'hook'; name: string; answer: string }
  | { kind: 'call'; name: string }

type Hook = (argument: never) => unknown
type Caller = 'worker' | 'wechat'
type KVOperation = 'get' | 'put' | 'delete' | 'list'
type Query = Readonly<Record<string, string>>
type Handler = (request: Request) => Promise<Response>

export type Recorder = ReturnType<typeof createRecorder>

const KV_OPERATIONS = new Map<string | symbol, KVOperation>([
  ['get', 'get'],
  ['getWithMetadata', 'get'],
  ['put', 'put'],
  ['delete', 'delete'],
  ['list', 'list'],
])

const MAX_ENTRIES = 500
const MAX_BODY_CHARACTERS = 4096

export function createRecorder() {
  const entries: (Entry & { seq: number })[] = []
  let last = 0

  function append(entry: Entry): number {
    entries.push({ ...entry, seq: ++last })
    if (entries.length > MAX_ENTRIES) entries.shift()
    return last
  }

  /** Wraps a handler, and records its requests and responses. */
  function recordRequests(by: Caller, handle: Handler): Handler {
    return async (request) => {
      const { pathname: path, searchParams } = new URL(request.url)
      const query = Object.fromEntries(searchParams)
      const requestBody = await readText(request.clone() as Request)
      const { method } = request
      const id = append({
        kind: 'request',
        by,
        id: last + 1,
        method,
        path,
        query,
        body: requestBody,
      })
      // Read before the caller reads it, so that the response is recorded before what follows it.
      const response = await handle(request)
      const body = await readText(response.clone())
      append({ kind: 'response', by, id, status: response.status, body })
      return rebuffer(response)
    }
  }

  /** Wraps a KV namespace, and records its operations. */
  function recordKV(kv: KVNamespace): KVNamespace {
    return new Proxy(kv, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name)
        const operation = KV_OPERATIONS.get(name)
        if (typeof method !== 'function' || !operation) return method
        return (...args: unknown[]) => {
          append({ kind: 'kv', operation, key: toKey(args[0]) })
          return Reflect.apply(method, target, args)
        }
      },
    })
  }

  /** Wraps hooks, and records their answers. */
  function recordHooks<Recorded extends object>(hooks: Recorded): Recorded {
    const wrap = (name: string, hook: Hook) => async (argument: never) => {
      const answer = await hook(argument)
      append({ kind: 'hook', name, answer: JSON.stringify(answer ?? null) })
      return answer
    }
    const wrapped = Object.entries(hooks).map(([name, hook]) => [name, wrap(name, hook as Hook)])
    return Object.fromEntries(wrapped) as Recorded
  }

  return {
    /** Records that one Worker calls a method of the other. */
    recordCall: (name: string) => void append({ kind: 'call', name }),
    recordRequests,
    recordKV,
    recordHooks,
    /** The number of the latest entry. */
    last: () => last,
    /** The entries after the one with this number. */
    after: (seq: number) => entries.filter((entry) => entry.seq > seq),
  }
}

/**
 * The same response with a body that was never cloned: workerd does not pipe on the rest of a clone
 * of which a part has been read, which is what the pass-through does.
 */
async function rebuffer(response: Response): Promise<Response> {
  if (!response.body) return response
  const copy = response.clone()
  try {
    return new Response(await response.arrayBuffer(), response)
  } catch {
    return copy
  }
}

function isBinary({ headers }: Request | Response): boolean {
  return /^(image|audio|video|multipart)\//.test(headers.get('Content-Type') ?? '')
}

async function readText(message: Request | Response): Promise<string> {
  if (isBinary(message)) {
    const { byteLength } = await message.arrayBuffer()
    return `(${message.headers.get('Content-Type')?.split(';')[0]}, ${byteLength} bytes)`
  }
  const text = await message.text().catch(() => '(the connection was reset)')
  return text.slice(0, MAX_BODY_CHARACTERS)
}

/** The key of an operation; the prefix of a list. */
function toKey(argument: unknown): string {
  if (typeof argument === 'string') return argument
  return isObject(argument) ? String(argument.prefix ?? '') : ''
}
