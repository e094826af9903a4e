/** Builds what the benchmark serves. */

import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

const here = import.meta.dirname

/** Bundles and minifies one of the benchmark's own Workers. */
export function bundle(name: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(here, 'workers', `${name}.ts`)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'esnext',
    external: ['cloudflare:*'],
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

/** Installs the other libraries, unless the lock file is as it was at the last installation. */
export function installPeers(): void {
  const peers = join(here, 'peers')
  const installed = statSync(join(peers, 'node_modules/.package-lock.json'), {
    throwIfNoEntry: false,
  })
  if (installed && installed.mtime >= statSync(join(peers, 'package-lock.json')).mtime) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: peers,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
