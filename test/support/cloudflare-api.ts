/**
 * A stand-in for Cloudflare's API, as far as `wrangler deploy` uses it: Workers with their bindings
 * and assets, KV namespaces, and the refusals that a deploy meets.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const ACCOUNT = '0123456789abcdef0123456789abcdef'

export interface Binding {
  readonly type: string
  readonly name: string
  readonly [field: string]: unknown
}

/** What a deploy has uploaded. */
export interface Upload {
  readonly metadata: { readonly bindings: readonly Binding[]; readonly [field: string]: unknown }
  /** The names of the files beside the metadata, and their content. */
  readonly files: Readonly<Record<string, string>>
}

interface Worker {
  bindings: readonly Binding[]
  readonly uploads: Upload[]
}

type Handler = (matched: readonly string[], request: Request) => Promise<Response> | Response

export type CloudflareApi = Awaited<ReturnType<typeof startCloudflareApi>>

export async function startCloudflareApi() {
  const workers = new Map<string, Worker>()
  const namespaces: { id: string; title: string }[] = []
  const assets = new Map<string, string>()
  const failures: Response[] = []

  const findWorker = (name = '') => workers.get(name)

  async function upload(name: string, request: Request): Promise<Response> {
    const failure = failures.shift()
    if (failure) return failure
    const form = await request.formData()
    const metadata = JSON.parse(String(form.get('metadata'))) as Upload['metadata']
    const old = findWorker(name)?.bindings ?? []
    const missing = metadata.bindings.filter((binding) => !canHave(binding, old))
    if (missing.length > 0) return refuse(400, 10056, `cannot inherit ${missing[0]?.name}`)
    const others = metadata.bindings.map((binding) => binding.name)
    const kept = old.filter(
      (binding) => binding.type === 'secret_text' && !others.includes(binding.name),
    )
    const bindings = metadata.bindings.map((binding) => resolve(binding, old))
    const target = metadata.bindings.find(
      ({ type, service }) => type === 'service' && !workers.has(String(service)),
    )
    if (target) return refuse(400, 10143, `Could not resolve service binding '${target.name}'.`)
    const files = [...form].filter(([, value]) => value instanceof File)
    const texts = files.map(async ([key, value]) => [key, await (value as File).text()])
    const uploads = findWorker(name)?.uploads ?? []
    uploads.push({ metadata, files: Object.fromEntries(await Promise.all(texts)) })
    workers.set(name, { bindings: [...bindings, ...kept], uploads })
    const id = crypto.randomUUID()
    return answer({
      id,
      etag: 'etag',
      deployment_id: id.replaceAll('-', ''),
      startup_time_ms: 5,
      resources: { script: { etag: 'etag' } },
    })
  }

  const handlers: readonly [string, RegExp, Handler][] = [
    [
      'GET',
      /^\/workers\/services\/([^/]+)$/,
      ([name]) => {
        if (!findWorker(name))
          return refuse(404, 10090, 'This Worker does not exist on your account.')
        const script = { tag: name, tags: [], last_deployed_from: 'wrangler' }
        return answer({ id: name, default_environment: { environment: 'production', script } })
      },
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/(settings|secrets)$/,
      ([name, what]) => {
        const worker = findWorker(name)
        if (!worker) return refuse(404, 10007, 'This Worker does not exist on your account.')
        const { bindings } = worker
        if (what === 'settings') return answer({ bindings })
        return answer(
          bindings
            .filter(({ type }) => type === 'secret_text')
            .map(({ name, type }) => ({ name, type })),
        )
      },
    ],
    ['PUT', /^\/workers\/scripts\/([^/]+)$/, ([name = ''], request) => upload(name, request)],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/versions$/,
      ([name = ''], request) => upload(name, request),
    ],
    ['GET', /^\/workers\/scripts\/([^/]+)\/deployments$/, () => answer({ deployments: [] })],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/deployments$/,
      () => answer({ id: crypto.randomUUID() }),
    ],
    ['PATCH', /^\/workers\/scripts\/([^/]+)\/script-settings$/, () => answer({})],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/assets-upload-session$/,
      async (_, request) => {
        const { manifest } = (await request.json()) as {
          manifest: Record<string, { hash: string }>
        }
        for (const [path, { hash }] of Object.entries(manifest)) assets.set(path, hash)
        return answer({ jwt: 'a.e30.c', buckets: [] })
      },
    ],
    ['GET', /^\/workers\/subdomain$/, () => answer({ subdomain: 'example' })],
    [
      'GET',
      /^\/workers\/workers\/([^/]+)$/,
      ([name]) => answer({ name, subdomain: { enabled: false, previews_enabled: false } }),
    ],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/subdomain$/,
      () => answer({ enabled: true, previews_enabled: false }),
    ],
    [
      'GET',
      /^\/storage\/kv\/namespaces$/,
      (_, { url }) => answer(isFirstPage(url) ? namespaces : []),
    ],
    [
      'POST',
      /^\/storage\/kv\/namespaces$/,
      async (_, request) => {
        const { title } = (await request.json()) as { title: string }
        const isTaken = namespaces.some((namespace) => namespace.title === title)
        if (isTaken)
          return refuse(400, 10014, 'a namespace with this account ID and title already exists')
        const namespace = { id: crypto.randomUUID().replaceAll('-', ''), title }
        namespaces.push(namespace)
        return answer(namespace)
      },
    ],
  ]

  const unknown: string[] = []

  async function handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.replace(`/accounts/${ACCOUNT}`, '')
    for (const [method, pattern, handler] of handlers) {
      const matched = pattern.exec(path)
      if (method === request.method && matched) return handler(matched.slice(1), request)
    }
    unknown.push(`${request.method} ${path}`)
    return refuse(404, 7000, 'No route for that URI')
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing, handle))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    /** The variables that point wrangler at this API, with a token. */
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
      CLOUDFLARE_API_TOKEN: 'a-token',
    },
    workers,
    namespaces,
    /** The paths of the assets. */
    assets: () => [...assets.keys()].toSorted(),
    unknown,
    /** Refuses the next upload of a Worker. */
    failUpload: () => void failures.push(refuse(403, 10034, 'verify your email')),
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response>,
): Promise<void> {
  const body = Buffer.concat(await incoming.toArray())
  const request = new Request(`http://127.0.0.1${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers: incoming.headers as Record<string, string>,
    ...(body.length > 0 && { body }),
  })
  const response = await handle(request)
  outgoing.writeHead(response.status, { 'Content-Type': 'application/json' })
  outgoing.end(await response.text())
}

/** A binding that is inherited has to be there. */
function canHave({ type, name }: Binding, old: readonly Binding[]): boolean {
  return type !== 'inherit' || old.some((binding) => binding.name === name)
}

function resolve(binding: Binding, old: readonly Binding[]): Binding {
  return binding.type === 'inherit'
    ? (old.find(({ name }) => name === binding.name) ?? binding)
    : binding
}

function isFirstPage(url: string): boolean {
  return ['1', null].includes(new URL(url).searchParams.get('page'))
}

function answer(result: unknown): Response {
  const count = Array.isArray(result) ? result.length : 1
  const result_info = { page: 1, per_page: 100, count, total_count: count, total_pages: 1 }
  return Response.json({ success: true, errors: [], messages: [], result, result_info })
}

function refuse(status: number, code: number, message: string): Response {
  return Response.json(
    { success: false, errors: [{ code, message }], messages: [], result: null },
    { status },
  )
}
