/** A copy of the repository: what runs there sees no later change, and mutants can be on the disk. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Mutant, mutate } from './mutants.ts'

const LEFT_OUT = /^(node_modules|dist|\.git|\.wrangler)$/

/** Not the format, nor a rule that mutants break by their form. */
const LINT = [
  '--vcs-enabled=false',
  '--only=correctness/noUnusedImports',
  '--only=nursery/noFloatingPromises',
]

const OF_LOGIN = [
  'node/endpoints',
  'node/wechat-connection',
  'node/pass-through',
  'node/pass-through-refusals',
  'node/openapi',
  'node/docs',
]

/** The files outside the project `workerd` that run the most of a folder. */
const NODE_TESTS = [
  { folder: 'src/client/', names: ['node/mini-program', 'node/exports', 'node/openapi'] },
  { folder: 'src/pay/', names: ['node/pay', 'node/pay-hosts', 'node/openapi', 'node/docs'] },
  {
    folder: 'src/server/',
    names: [
      'node/server',
      'node/server-sqlite',
      'node/server-crypto',
      'node/server-limits',
      'node/server-parts',
      'node/server-start',
      'node/server-pay',
      'systems/server-redis',
      'systems/server-redis-store',
      'systems/server-mysql',
    ],
  },
  {
    folder: 'src/workers/',
    names: [
      'node/login-service',
      'node/endpoints',
      'node/backends',
      'node/hooks',
      'node/pay',
      'node/pay-hosts',
      'node/pass-through',
    ],
  },
  { folder: 'src/node.ts', names: ['node/node-apps'] },
  { folder: 'src/core/', names: [...OF_LOGIN, 'node/hooks', 'node/pay'] },
  { folder: 'src/', names: OF_LOGIN },
]

const OPTIONS = [
  '--config=test/vitest.config.ts',
  '--bail=1',
  // No later run could use what it keeps of a copy.
  '--fsModuleCache=false',
  // This test looks where the packages are, and they are not in the copy.
  '--testNamePattern=^(?!.*has only src, hono and valibot)',
]

/** In milliseconds. */
const TIME_LIMIT = 600_000

export type Stage = 'types' | 'lint' | 'node' | 'workerd'

export type Copy = ReturnType<typeof createCopy>

export function createCopy() {
  const root = mkdtempSync(join(tmpdir(), 'code2session-mutation-'))
  process.once('exit', () => rmSync(root, { recursive: true }))
  cpSync('.', root, { recursive: true, filter: (path) => !LEFT_OUT.test(basename(path)) })
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))

  function toCommand(stage: Stage, files: readonly string[]): string[] {
    const isIn = (folder: string) => files.some((file) => file.startsWith(folder))
    if (stage === 'types')
      return ['typescript/bin/tsc', '-p', isIn('src/server/') ? 'src/server' : '.']
    if (stage === 'lint') return ['@biomejs/biome/bin/biome', 'lint', ...LINT, ...files]
    const vitest = ['vitest/vitest.mjs', 'run', ...OPTIONS, `--project=${stage}`]
    if (stage === 'workerd') return vitest
    const related = NODE_TESTS.find(({ folder }) => isIn(folder))
    const names = related?.names ?? NODE_TESTS.flatMap(({ names }) => names)
    return [...vitest, '--project=systems', ...names.map((name) => `test/${name}.test.ts`)]
  }

  return {
    root,
    /** @returns `null` if these mutants pass all together, or else what the failure says first */
    async run(stage: Stage, mutants: readonly Mutant[]): Promise<string | null> {
      const files = [...new Set(mutants.map(({ file }) => file))]
      const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
      for (const [file, source] of sources) {
        // From the end, so that the places before stay where they are.
        const own = mutants.filter((mutant) => mutant.file === file)
        const backwards = own.sort((one, other) => other.start - one.start)
        writeFileSync(join(root, file), backwards.reduce(mutate, source))
      }
      const [script, ...args] = toCommand(stage, files)
      const run = () => fails(root, [`node_modules/${script}`, ...args])
      // On a busy machine, a test with real deadlines can fail by itself, but hardly twice.
      const failure = (await run()) && (await run())
      for (const [file, source] of sources) writeFileSync(join(root, file), source)
      return failure
    },
  }
}

/** The processes that run. Each leads a group, in which are all that it starts. */
const leaders = new Set<number>()
process.once('exit', () => leaders.forEach(endGroup))

/** Ends what a test has left, such as a server whose mutant does not end by itself. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody is left.
  }
}

async function fails(cwd: string, command: readonly string[]): Promise<string | null> {
  const child = spawn(process.execPath, command, { cwd, detached: true })
  const { pid = 0 } = child
  leaders.add(pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  const closed = once(child, 'close')
  const timer = setTimeout(() => endGroup(pid), TIME_LIMIT)
  const [code] = await once(child, 'exit')
  clearTimeout(timer)
  endGroup(pid)
  leaders.delete(pid)
  await closed
  if (code === 0) return null
  const lines = stripVTControlCharacters(output)
  return /^.*( FAIL |error TS| lint\/).*$/m.exec(lines)?.[0].trim() ?? 'the time limit'
}
