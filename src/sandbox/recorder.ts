/**
 * What the Worker does behind the phone's back, written down for the watch page: its calls to WeChat,
 * WeChat's pushes to it, and its reads and writes of KV. In memory, and the latest only.
 */

/** A request and its answer are entries of their own, so that a call can be seen under way. */
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
  | { kind: 'answer'; by: Caller; id: number; status: number; body: string }
  | { kind: 'kv'; operation: 'get' | 'put' | 'delete' | 'list'; key: string }

type Caller = 'worker' | 'wechat'
type Query = Readonly<Record<string, string>>
type Handler = (request: Request) => Promise<Response>

export type Recorder = ReturnType<typeof createRecorder>

const MOST_ENTRIES = 500
const BODY_CHARACTERS = 4096

export function createRecorder() {
  const entries: (Entry & { seq: number })[] = []
  let last = 0

  function append(entry: Entry): number {
    entries.push({ ...entry, seq: ++last })
    if (entries.length > MOST_ENTRIES) entries.shift()
    return last
  }

  /** This handler, with what it is asked and what it answers written down. */
  function recorded(by: Caller, handle: Handler): Handler {
    return async (request) => {
      const { pathname: path, searchParams } = new URL(request.url)
      const query = Object.fromEntries(searchParams)
      const asked = await textOf(request.clone() as Request)
      const { method } = request
      const id = append({ kind: 'request', by, id: last + 1, method, path, query, body: asked })
      const response = await handle(request)
      // Before the caller reads it, so that the answer is on record when the caller has acted on it.
      const body = await textOf(response.clone())
      append({ kind: 'answer', by, id, status: response.status, body })
      return response
    }
  }

  /** This namespace, with what the Worker does to it written down: the operations that it uses. */
  function recordedKV(real: KVNamespace) {
    const note = (operation: 'get' | 'put' | 'delete' | 'list', key: string) =>
      append({ kind: 'kv', operation, key })
    return {
      get: (key: string, type: 'arrayBuffer') => {
        note('get', key)
        return real.get(key, type)
      },
      getWithMetadata: (key: string, type: 'arrayBuffer') => {
        note('get', key)
        return real.getWithMetadata(key, type)
      },
      put: (key: string, value: ArrayBuffer, options: KVNamespacePutOptions) => {
        note('put', key)
        return real.put(key, value, options)
      },
      delete: (key: string) => {
        note('delete', key)
        return real.delete(key)
      },
      list: (options: KVNamespaceListOptions) => {
        note('list', options.prefix ?? '')
        return real.list(options)
      },
    }
  }

  return {
    recorded,
    recordedKV,
    last: () => last,
    /** What came after this entry. */
    after: (seq: number) => entries.filter((entry) => entry.seq > seq),
  }
}

async function textOf(message: Request | Response): Promise<string> {
  const text = await message.text().catch(() => '(the connection broke off)')
  return text.slice(0, BODY_CHARACTERS)
}
