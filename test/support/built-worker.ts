/** Builds a Worker as `wrangler deploy` does, and serves the result from a workerd of its own. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { type MiniflareWorker, startMiniflare } from './miniflare.ts'
import { createWorkerLog } from './worker-log.ts'

export interface BuiltWorker {
  readonly code: string
  /** Files that the code imports as texts, by their names. */
  readonly texts: Readonly<Record<string, string>>
  /** The source files in the bundle, from the root of the repository. */
  readonly inputs: readonly string[]
}

export function build(options: { config: string; main: string }): BuiltWorker {
  const dir = mkdtempSync(join(tmpdir(), 'code2session-'))
  const wrangler = 'node_modules/wrangler/bin/wrangler.js'
  const args = ['deploy', '--dry-run', '--metafile', '--outdir', dir, '-c', options.config]
  try {
    execFileSync(process.execPath, [wrangler, ...args], { stdio: 'pipe' })
    const metafile = readFileSync(join(dir, 'bundle-meta.json'), 'utf8')
    const { inputs } = JSON.parse(metafile) as { inputs: Record<string, unknown> }
    const code = readFileSync(join(dir, `${options.main}.js`), 'utf8')
    const texts = readdirSync(dir).filter((name) => /^[\da-f]{40}-/.test(name))
    // The metafile's paths are relative to the configuration.
    const toPath = (input: string) => relative('.', resolve(dirname(options.config), input))
    return {
      code,
      texts: Object.fromEntries(texts.map((name) => [name, readFileSync(join(dir, name), 'utf8')])),
      inputs: Object.keys(inputs).map(toPath),
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The Worker in production. */
export const buildProduction = () => build({ config: 'wrangler.toml', main: 'login-worker' })

/** The payments Worker in production. */
export const buildPayments = () =>
  build({ config: 'src/pay/wrangler.toml', main: 'payments-worker' })

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
