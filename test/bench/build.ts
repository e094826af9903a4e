/** Builds what the benchmark serves. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import { scratch } from './children.ts'
import { BASELINE } from './operations.ts'

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

/**
 * Checks the baseline out into a temporary directory, with the packages of this checkout. Gives its
 * path; `null` if the commit is not in this clone.
 */
export function checkOutBaseline(): string | null {
  const dir = mkdtempSync(join(scratch, 'baseline-'))
  const archive = join(dir, 'tree.tar')
  try {
    execFileSync('git', ['archive', '-o', archive, BASELINE], { stdio: 'ignore' })
  } catch {
    return null
  }
  execFileSync('tar', ['-xf', archive, '-C', dir])
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules'))
  return dir
}

/** Installs the other libraries, unless the lock file is as it was at the last installation. */
export function installPeers(): void {
  const cwd = join(here, 'peers')
  const readTime = (file: string) =>
    statSync(join(cwd, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (readTime('node_modules/.package-lock.json') >= readTime('package-lock.json')) return
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}
