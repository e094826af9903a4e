/** Serves Workers, built as `wrangler deploy` does, from a workerd of their own. */

import { inject } from 'vitest'
import { type MiniflareWorker, startMiniflare } from './miniflare'
import { type BuildOptions, type BuiltWorker, PAYMENTS, PRODUCTION } from './worker-build'
import { createWorkerLog } from './worker-log'

export type { BuiltWorker }

/** Builds a Worker, or gives what another test file has had built: see global-setup.ts. */
export async function build(options: BuildOptions): Promise<BuiltWorker> {
  const body = JSON.stringify(options)
  const response = await fetch(inject('sharedUrl'), { method: 'POST', body })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as BuiltWorker
}

export const buildProduction = () => build(PRODUCTION)

export const buildPayments = () => build(PAYMENTS)

/** The Worker of `npm run dev`, with the sandbox. */
export const buildSandbox = () => build({ config: 'sandbox/wrangler.toml', main: 'dev' })

/** The payments Worker of `npm run dev`. */
export const buildSandboxPayments = () =>
  build({ config: 'sandbox/pay/wrangler.toml', main: 'worker' })

export interface ServeOptions {
  readonly bindings: Readonly<Record<string, string>>
  /**
   * The code of another Worker that answers HTTP instead: bound to the built one as HTTP, and to
   * its LoginService as LOGIN.
   */
  readonly caller?: string
  /**
   * The code of another Worker, bound to the built one as HOOKS; by its entrypoint class Hooks
   * unless `hooksEntrypoint` is null.
   */
  readonly hooks?: string
  readonly hooksEntrypoint?: string | null
  /** Whether a queue is bound as EVENTS. */
  readonly hasQueue?: boolean
}

/** Serves a built Worker over HTTP, with a KV namespace SESSIONS. It may connect to any address. */
export async function serve({ code, texts }: BuiltWorker, options: ServeOptions) {
  const { bindings, caller, hooks, hooksEntrypoint = 'Hooks', hasQueue = false } = options
  const log = createWorkerLog()
  const name = 'code2session'
  const entrypoint = hooksEntrypoint === null ? {} : { entrypoint: hooksEntrypoint }
  const login: MiniflareWorker = {
    name,
    code,
    texts,
    bindings,
    kvNamespaces: ['SESSIONS'],
    ...(hooks && { services: { HOOKS: { name: 'hooks', ...entrypoint } } }),
    ...(hasQueue && { queueProducers: { EVENTS: 'events' } }),
  }
  const callerWorker: MiniflareWorker | null = caller
    ? {
        name: 'caller',
        code: caller,
        services: { HTTP: name, LOGIN: { name, entrypoint: 'LoginService' } },
      }
    : null
  const others: MiniflareWorker[] = hooks ? [{ name: 'hooks', code: hooks }] : []
  const workers: [MiniflareWorker, ...MiniflareWorker[]] = callerWorker
    ? [callerWorker, login, ...others]
    : [login, ...others]
  const { url, close } = await startMiniflare(workers, { onLog: log.add })
  return { url, logs: log.lines, findLog: log.find, close }
}
