/** Builds a Worker as `wrangler deploy` does. */

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'

export interface BuildOptions {
  /** The path of its wrangler.toml. */
  readonly config: string
  /** The name of its main module, without `.ts`. */
  readonly main: string
  /** The root of the repository, if it is not the working directory. */
  readonly root?: string
}

export interface BuiltWorker {
  readonly code: string
  /** Files that the code imports as texts, by their names. */
  readonly texts: Readonly<Record<string, string>>
  /** The source files in the bundle, from the root of the repository. */
  readonly inputs: readonly string[]
}

/** The Worker in production. */
export const PRODUCTION: BuildOptions = { config: 'wrangler.toml', main: 'login-worker' }

/** The payments Worker in production. */
export const PAYMENTS: BuildOptions = { config: 'src/pay/wrangler.toml', main: 'payments-worker' }

/** @throws What wrangler says, if the Worker cannot be built */
export async function buildWorker({
  config,
  main,
  root = '.',
}: BuildOptions): Promise<BuiltWorker> {
  const dir = await mkdtemp(join(tmpdir(), 'code2session-'))
  const wrangler = 'node_modules/wrangler/bin/wrangler.js'
  const args = ['deploy', '--dry-run', '--metafile', '--outdir', dir, '-c', config]
  try {
    await promisify(execFile)(process.execPath, [wrangler, ...args], { cwd: root })
    const metafile = await readFile(join(dir, 'bundle-meta.json'), 'utf8')
    const { inputs } = JSON.parse(metafile) as { inputs: Record<string, unknown> }
    const texts = (await readdir(dir)).filter((name) => /^[\da-f]{40}-/.test(name))
    const readText = async (name: string) => [name, await readFile(join(dir, name), 'utf8')]
    return {
      code: await readFile(join(dir, `${main}.js`), 'utf8'),
      texts: Object.fromEntries(await Promise.all(texts.map(readText))),
      // The metafile's paths are relative to the configuration.
      inputs: Object.keys(inputs).map((input) =>
        relative(root, resolve(root, dirname(config), input)),
      ),
    }
  } finally {
    await rm(dir, { recursive: true })
  }
}
