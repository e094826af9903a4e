/** Builds Workers as `wrangler deploy` would, and serves what it built from a workerd of its own. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

export interface Built {
  readonly code: string
  /** The files that went into it. */
  readonly inputs: readonly string[]
}

export function build(options: { config: string; main: string }): Built {
  const dir = mkdtempSync(join(tmpdir(), 'code2session-'))
  const wrangler = 'node_modules/wrangler/bin/wrangler.js'
  const args = ['deploy', '--dry-run', '--metafile', '--outdir', dir, '-c', options.config]
  execFileSync(process.execPath, [wrangler, ...args], { stdio: 'pipe' })
  const meta = JSON.parse(readFileSync(join(dir, 'bundle-meta.json'), 'utf8')) as {
    inputs: Record<string, unknown>
  }
  const code = readFileSync(join(dir, `${options.main}.js`), 'utf8')
  return { code, inputs: Object.keys(meta.inputs) }
}

export interface ServeOptions {
  readonly bindings: Readonly<Record<string, string>>
  /** The code of another Worker, in front of the built one and bound to its LoginService as LOGIN. */
  readonly caller?: string
}

/** Serves a built Worker over HTTP, with a KV namespace SESSIONS and its own way to the network. */
export async function serve(built: Built, { bindings, caller }: ServeOptions) {
  const logs: string[] = []
  const compatibilityDate = '2026-11-01'
  const login = {
    name: 'code2session',
    modules: true,
    script: built.code,
    compatibilityDate,
    bindings,
    kvNamespaces: ['SESSIONS'],
  }
  const callers = caller
    ? [
        {
          name: 'caller',
          modules: true,
          script: caller,
          compatibilityDate,
          serviceBindings: {
            HTTP: 'code2session',
            LOGIN: { name: 'code2session', entrypoint: 'LoginService' },
          },
        },
      ]
    : []
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      handleStructuredLogs: ({ message }) => void logs.push(message),
      workers: [...callers, login],
    }),
  )
  return { url: await miniflare.ready, logs, close: () => miniflare.dispose() }
}
