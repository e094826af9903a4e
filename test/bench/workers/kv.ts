/**
 * Workers KV in memory. In plain workerd a KV namespace is a service that speaks the binding's HTTP
 * protocol. It is as fast as the stores of the peers, and faster than Miniflare's store on disk.
 */

interface Entry {
  readonly value: ArrayBuffer
  readonly metadata: string | null
}

const PAGE = 1000

const entries = new Map<string, Entry>()

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    const key = decodeURIComponent(pathname.slice(1))
    switch (request.method) {
      case 'PUT': {
        const value = await request.arrayBuffer()
        entries.set(key, { value, metadata: request.headers.get('CF-KV-Metadata') })
        return new Response()
      }
      case 'DELETE':
        entries.delete(key)
        return new Response()
      default:
        return key === '' ? list(searchParams) : get(key)
    }
  },
} satisfies ExportedHandler

function get(key: string): Response {
  const entry = entries.get(key)
  if (!entry) return new Response(null, { status: 404 })
  return new Response(entry.value, {
    headers: entry.metadata ? { 'CF-KV-Metadata': entry.metadata } : {},
  })
}

/** The cursor is the last name of the page before. */
function list(query: URLSearchParams): Response {
  const [prefix, cursor] = [query.get('prefix') ?? '', query.get('cursor') ?? '']
  const names = [...entries.keys()].filter((name) => name.startsWith(prefix) && name > cursor)
  const page = names.sort().slice(0, PAGE)
  const keys = page.map((name) => ({
    name,
    metadata: JSON.parse(entries.get(name)?.metadata ?? 'null'),
  }))
  const rest = names.length > PAGE
  return Response.json({ keys, list_complete: !rest, ...(rest && { cursor: page.at(-1) }) })
}
