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

/** Serves a built Worker over HTTP, with a KV namespace SESSIONS and its own way to the network. */
export async function serve(built: Built, bindings: Record<string, string>) {
  const logs: string[] = []
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: built.code,
      compatibilityDate: '2026-11-01',
      bindings,
      kvNamespaces: ['SESSIONS'],
      handleStructuredLogs: ({ message }) => void logs.push(message),
    }),
  )
  return { url: await miniflare.ready, logs, close: () => miniflare.dispose() }
}
