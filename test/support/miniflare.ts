/** Starts Workers in Miniflare: a real workerd process with real local KV, served over HTTP. */

import { convertV4MiniflareOptions, Miniflare, type V4ModuleDefinition } from 'miniflare'

/** wrangler.toml has the same date. Every tool in package.json supports it. */
export const COMPATIBILITY_DATE = '2026-11-01'

export interface MiniflareWorker {
  readonly name: string
  /** The source of one ES module. */
  readonly code: string
  /** Files that it imports as texts, by their names. */
  readonly texts?: Readonly<Record<string, string>>
  /** Vars and secrets, by their names. */
  readonly bindings?: Readonly<Record<string, string>>
  readonly kvNamespaces?: readonly string[]
  readonly d1Databases?: readonly string[]
  /** Other Workers by the names of their bindings. */
  readonly services?: Readonly<Record<string, string | { name: string; entrypoint?: string }>>
  /** Requests per key and minute, by the names of the bindings that count them. */
  readonly rateLimits?: Readonly<Record<string, number>>
  /** Queues by the names of the bindings that send to them. */
  readonly queueProducers?: Readonly<Record<string, string>>
  /** What this Worker answers instead of the first one, such as `*.example/path`. */
  readonly routes?: readonly string[]
}

export interface MiniflareOptions {
  /** Called with each line that a Worker logs. */
  readonly onLog?: (line: string) => void
  /** Opens an inspector for each Worker, at `/core:user:<name>` of `inspectorUrl()`. */
  readonly hasInspector?: boolean
}

export interface MiniflareServer {
  readonly url: URL
  inspectorUrl(): Promise<URL>
  /** The bindings of the Worker with this name, for use in Node. */
  getBindings<Env>(worker: string): Promise<Env>
  /** Runs the cron handler of the Worker with this name: `ok`, or `exception` if it has thrown. */
  runCron(worker: string): Promise<string>
  close(): Promise<void>
}

/**
 * Serves these Workers; the first one answers HTTP.
 *
 * @example
 * const { url, close } = await startMiniflare([
 *   { name: 'login', code, bindings: { WECHAT_APPID }, kvNamespaces: ['SESSIONS'] },
 * ])
 */
export async function startMiniflare(
  workers: readonly [MiniflareWorker, ...MiniflareWorker[]],
  { onLog, hasInspector = false }: MiniflareOptions = {},
): Promise<MiniflareServer> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...(hasInspector && { inspectorPort: 0 }),
      handleStructuredLogs: ({ message }) => onLog?.(message),
      workers: workers.map(
        ({ name, code, texts = {}, bindings = {}, services = {}, ...stores }) => ({
          name,
          modules: [{ type: 'ESModule', path: `${name}.js`, contents: code }, ...toModules(texts)],
          compatibilityDate: COMPATIBILITY_DATE,
          bindings,
          kvNamespaces: [...(stores.kvNamespaces ?? [])],
          d1Databases: [...(stores.d1Databases ?? [])],
          serviceBindings: services,
          ratelimits: toRateLimits(stores.rateLimits ?? {}),
          queueProducers: { ...stores.queueProducers },
          routes: [...(stores.routes ?? [])],
        }),
      ),
    }),
  )
  return {
    url: await miniflare.ready,
    inspectorUrl: () => miniflare.getInspectorURL(),
    getBindings: <Env>(worker: string) => miniflare.getBindings<Env>(worker),
    runCron: async (worker) => (await (await miniflare.getWorker(worker)).scheduled()).outcome,
    close: () => miniflare.dispose(),
  }
}

function toRateLimits(limits: Readonly<Record<string, number>>) {
  const entries = Object.entries(limits).map(([name, limit], index) => {
    return [name, { namespace_id: String(index), simple: { limit, period: 60 as const } }] as const
  })
  return Object.fromEntries(entries)
}

function toModules(texts: Readonly<Record<string, string>>): V4ModuleDefinition[] {
  return Object.entries(texts).map(([path, contents]) => ({ type: 'Text', path, contents }))
}
