/**
 * `npm run deploy` and `npm run deploy:pay`: `wrangler deploy` with the same arguments, unless
 * something is missing without which the Worker would refuse every request.
 *
 *     npm run deploy -- --secrets-file .dev.vars    the first deploy
 *     npm run deploy                                later ones, which keep the secrets
 *     npm run deploy -- --env staging               another environment of wrangler.toml
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { unstable_readConfig } from 'wrangler'
import { findMissing, findProof, type SecretsFile } from './check.ts'

/** Cloudflare's: a KV namespace with this title exists. */
const TITLE_TAKEN = 10014
const WRANGLER = join(import.meta.dirname, '../node_modules/wrangler/bin/wrangler.js')

const args = process.argv.slice(2)
const { values } = parseArgs({
  args,
  strict: false,
  options: {
    config: { type: 'string', short: 'c' },
    env: { type: 'string', short: 'e' },
    'secrets-file': { type: 'string' },
  },
})
const path = toText(values.config) ?? 'wrangler.toml'
const env = toText(values.env) ?? process.env.CLOUDFLARE_ENV ?? ''
const secretsPath = toText(values['secrets-file'])

const config = unstable_readConfig({ config: path, env }, { hideWarnings: true })
const secretsFile = secretsPath === null ? null : readSecrets(secretsPath)
const settings = { path, env, config, secretsFile }
process.exitCode = run()

function run(): number {
  const missing = findMissing(settings)
  if (missing.length > 0) {
    console.error(['Nothing has been deployed.', ...missing].join('\n- '))
    return 1
  }
  const { status, output } = deploy()
  if (status !== 0 && output.some(({ code }) => code === TITLE_TAKEN))
    console.error(tellNamespace())
  const proof = findProof(
    settings,
    output.flatMap(({ targets }) => targets ?? []),
  )
  if (status === 0 && proof !== null) console.log(`\nTo see that it works:\n\n${proof}`)
  return status
}

/** What wrangler writes for programs: https://developers.cloudflare.com/workers/wrangler/system-environment-variables/ */
interface Entry {
  readonly code?: number
  readonly targets?: readonly string[] | null
}

function deploy(): { status: number; output: readonly Entry[] } {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'))
  const file = join(folder, 'output')
  try {
    const { status } = spawnSync(process.execPath, [WRANGLER, 'deploy', ...args], {
      stdio: 'inherit',
      env: { ...process.env, WRANGLER_OUTPUT_FILE_PATH: file },
    })
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
    return { status: status ?? 1, output: lines.map((line) => JSON.parse(line) as Entry) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An earlier deploy has made the namespace and then failed, or its Worker has been deleted. */
function tellNamespace(): string {
  const list = [WRANGLER, 'kv', 'namespace', 'list', '-c', path, ...(env ? ['--env', env] : [])]
  const { status, stdout } = spawnSync(process.execPath, list, {
    encoding: 'utf8',
    env: { ...process.env, WRANGLER_LOG: 'log' },
  })
  const existing = status === 0 ? (JSON.parse(stdout) as { id: string; title: string }[]) : []
  const lines = config.kv_namespaces.flatMap(
    ({ binding, id }: { binding: string; id?: string }) => {
      const title = `${config.name}-${binding.toLowerCase().replaceAll('_', '-')}`
      const found = existing.find((namespace) => namespace.title === title)
      return found && !id ? [`  binding = "${binding}"\n  id = "${found.id}"`] : []
    },
  )
  return `
The KV namespace is there already: an earlier deploy made it and then failed, or its Worker was deleted.
Write its id into ${path}, below its binding, and deploy again:

${lines.join('\n\n') || '  npx wrangler kv namespace list'}`
}

/** The secrets that wrangler will read. It says itself what is wrong with a file that is none. */
function readSecrets(path: string): SecretsFile | null {
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  try {
    return { path, values: JSON.parse(text) as Record<string, unknown> }
  } catch {
    return { path, values: parseEnv(text) }
  }
}

function toText(value: string | boolean | undefined): string | null {
  return typeof value === 'string' ? value : null
}
