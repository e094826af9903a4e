/**
 * `npm run mutate`: breaks the code in small ways, one at a time, and asks whether anything notices.
 * Prints a result for each room, and the mutants that survive.
 *
 *     --mutants 400         how many, besides those that change only a text
 *     --seed 1              decides which ones
 *     --room src/login      a folder or file, or several with commas
 *
 * A mutant meets the tests of the project `workerd`, in Node (suite.ts), then types, lint and a few
 * other tests (copy.ts). All that are left meet the project `workerd` together.
 */

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Copy, createCopy } from './copy.ts'
import { drawMutants } from './draw.ts'
import type { Mutant } from './mutants.ts'
import { type Result, report } from './report.ts'
import { createSuite, NOT_IN_NODE, type Suite } from './suite.ts'

const RULES = ['test/*.test.ts', 'test/client/*.test.ts', 'test/pay/*.test.ts']

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

const { values } = parseArgs({
  options: {
    mutants: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    room: { type: 'string', default: 'src' },
  },
})
const { seed, room } = values
process.chdir(join(import.meta.dirname, '../..'))
// More than there are cores, as tests wait.
const copies = Array.from({ length: availableParallelism() + 1 }, createCopy)
process.chdir(copies[0]?.root ?? '')
const mutants = drawMutants(Number(seed), Number(values.mutants), room)
console.log(`${mutants.length} mutants in ${room}, seed ${seed}. Not run in Node:`)
for (const name of NOT_IN_NODE) console.log(`- ${name}`)
console.log(report(await tryAll()))
// Vitest sets it for the tests that fail.
process.exitCode = 0

async function tryAll(): Promise<readonly Result[]> {
  const queue = mutants.values()
  const results: Result[] = []
  const lanes = copies.slice(0, mutants.length).map(async (copy, index) => {
    const suite = await createSuite(copy.root, RULES)
    requireGreen(await suite.run(null))
    for (const stage of index === 0 ? (['types', 'node', 'workerd'] as const) : []) {
      requireGreen(await copy.run(stage, []))
    }
    for (const mutant of queue) {
      const result = await tryOne(mutant, suite, copy)
      results.push(result)
      const { killer = 'survives', failure = '' } = result
      const place = `${mutant.file}:${mutant.line}`
      console.error(`${results.length} of ${mutants.length}: ${place} ${killer} ${failure}`)
    }
    await suite.close()
  })
  await Promise.all(lanes)
  const [copy] = copies
  if (!copy) return results
  const isLeft = ({ mutant, killer }: Result) => !killer && !mutant.isText
  const left = results.filter(isLeft).map(({ mutant }) => mutant)
  const killed = new Set(await findKilled(left, copy))
  return results.map((result) =>
    killed.has(result.mutant) ? { ...result, killer: 'workerd' } : result,
  )
}

/** What fails without a mutant says nothing about one. */
function requireGreen(failure: string | null): void {
  if (failure) throw new Error(`Fails without a mutant: ${failure}`)
}

async function tryOne(mutant: Mutant, suite: Suite, copy: Copy): Promise<Result> {
  const failure = await suite.run(mutant)
  if (failure) return { mutant, killer: 'tests', failure }
  if (mutant.isText) return { mutant }
  for (const stage of ['types', 'lint', 'node'] as const) {
    const failure = await copy.run(stage, [mutant])
    if (failure) return { mutant, killer: stage, failure }
  }
  return { mutant }
}

/** Those that the tests notice in workerd. They are few, so all are tried together, then halves. */
async function findKilled(some: readonly Mutant[], copy: Copy): Promise<readonly Mutant[]> {
  if (some.length === 0 || !(await copy.run('workerd', some))) return []
  if (some.length === 1) return some
  const half = Math.ceil(some.length / 2)
  const first = await findKilled(some.slice(0, half), copy)
  return [...first, ...(await findKilled(some.slice(half), copy))]
}
