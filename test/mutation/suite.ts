/**
 * The tests of the project `workerd`, in Node: about a second a mutant. One vitest stays alive, and
 * gives its tests the mutated file from memory.
 */

import { join } from 'node:path'
import {
  BaseSequencer,
  createVitest,
  type InlineConfig,
  type TestCase,
  type TestModule,
  type TestSpecification,
} from 'vitest/node'
import { unstable_readConfig } from 'wrangler'
import { type Mutant, mutate } from './mutants.ts'

/** Tests of what only workerd does. */
export const NOT_IN_NODE = [
  'A request that needed the login does not wait a second time',
  'An operation waits for this, in this sequence, and for nothing else',
  'ready() logs in if wx.checkSession does not call back within 5 seconds',
]

/** Without a mutant, in milliseconds. */
const TIME_LIMIT = 600_000

class AsGiven extends BaseSequencer {
  override sort = async (specifications: TestSpecification[]) => specifications
}

const config: InlineConfig = {
  watch: false,
  // A mutant must not get into the cache on the disk.
  fsModuleCache: false,
  pool: 'threads',
  isolate: false,
  maxWorkers: 1,
  testTimeout: 10_000,
  sequence: { sequencer: AsGiven },
  testNamePattern: new RegExp(`^(?!.*(${NOT_IN_NODE.map(RegExp.escape).join('|')})$)`),
}

export type Suite = Awaited<ReturnType<typeof createSuite>>

/**
 * @param root The folder of the repository, or of a copy
 * @param include Patterns of the test files
 */
export async function createSuite(root: string, include: string[]) {
  const platform = join(root, 'test/mutation/cloudflare.ts')
  let mutant: Mutant | null = null
  let failures: string[] = []
  /** A mutant that loops is stopped after this many milliseconds. */
  let timeLimit = TIME_LIMIT
  /** In milliseconds, by file. */
  const durations = new Map<string, number>()
  const { vars } = unstable_readConfig({ config: join(root, 'sandbox/wrangler.toml') })
  const provide = { vars, fuzzRuns: 65, fuzzSeed: 1, soakRequests: 200 }
  const reporters = [{ onTestCaseResult, onTestModuleEnd }]
  const plugin = { name: 'mutant', enforce: 'pre' as const, resolveId, transform }
  const options = { ...config, config: false, root, include, provide, reporters }
  const vitest = await createVitest('test', options as InlineConfig, { plugins: [plugin] })
  const specifications = await vitest.globTestSpecifications()

  function resolveId(id: string) {
    return id.startsWith('cloudflare:') ? platform : null
  }

  function transform(code: string, id: string) {
    if (mutant && id === join(root, mutant.file)) return mutate(code, mutant)
    return id.endsWith('.test.ts') ? `import '${platform}'; ${code}` : null
  }

  function onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'failed') fail(test.fullName)
  }

  function onTestModuleEnd(module: TestModule): void {
    if (!mutant) durations.set(module.moduleId, module.diagnostic().duration)
    if (module.errors().length > 0) fail(`${module.relativeModuleId} does not load`)
  }

  function fail(test: string): void {
    failures.push(test)
    if (mutant) void vitest.cancelCurrentRun('test-failure')
  }

  /** Those that import the mutated file. The likeliest come first, by name, and then the shortest. */
  function choose({ file }: Mutant): TestSpecification[] {
    const graph = vitest.projects[0]?.vite.environments.ssr?.moduleGraph
    const related = new Set(graph?.getModulesByFile(join(root, file)))
    for (const { importers } of related) for (const importer of importers) related.add(importer)
    const paths = new Set([...related].map((module) => module.file))
    const words = (path: string) => new Set(path.match(/[a-z]+/g))
    const rank = ({ moduleId }: TestSpecification) =>
      words(moduleId.slice(root.length)).intersection(words(file)).size -
      (durations.get(moduleId) ?? 0) / TIME_LIMIT
    return specifications
      .filter(({ moduleId }) => paths.has(moduleId))
      .sort((one, other) => rank(other) - rank(one))
  }

  return {
    /** @returns `null` if all pass, or else what fails: the first with a mutant, all without one */
    async run(next: Mutant | null): Promise<string | null> {
      const files = [mutant, next].flatMap((one) => one?.file ?? [])
      for (const file of files) vitest.invalidateFile(join(root, file))
      mutant = next
      failures = []
      const timer = setTimeout(() => {
        fail('the time limit')
        // The second time, it does not wait for the test to end.
        void vitest.cancelCurrentRun('test-failure')
      }, timeLimit)
      const start = performance.now()
      await vitest.runTestSpecifications(next ? choose(next) : specifications)
      clearTimeout(timer)
      if (!next) timeLimit = 20_000 + 2 * (performance.now() - start)
      return next ? (failures[0] ?? null) : failures.join('; ') || null
    },
    close: () => vitest.close(),
  }
}
