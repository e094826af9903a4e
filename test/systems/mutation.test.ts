import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { describeChange } from '../mutation/draw'
import { findMutants } from '../mutation/mutants'
import { wilson } from '../mutation/report'

const FILE = 'src/lib/single-flight.ts'

/** In milliseconds: each run starts several vitests. */
const TIME_LIMIT = 60_000

/** What `npm run mutate` prints about five mutants of a file, of which these tests see some. */
async function mutate(tests: string): Promise<string> {
  const options = ['--room', FILE, '--mutants', '5', '--tests', tests]
  const command = ['--js-base-64', 'test/mutation/mutate.ts', ...options]
  return (await promisify(execFile)(process.execPath, command)).stdout
}

describe('npm run mutate', { timeout: TIME_LIMIT }, () => {
  it('A mutant that a test notices is killed', async () => {
    expect(await mutate('test/single-flight.test.ts')).toMatch(/\| all +\| 5 +\| [1-5] /)
  })

  it('Mutants survive where the test that notices them is missing, and each is named', async () => {
    const output = await mutate('test/encoding.test.ts')
    expect(output).toMatch(/\| all +\| 5 +\| 0 /)
    expect(output.match(/^src\/lib\/single-flight\.ts:\d+ {2}.*→/gm)).toHaveLength(5)
  })
})

describe('the mutants of a source file', () => {
  it.each([
    ['if (a < 1) b()', ['a < 1 → !(a < 1)', '< → <=', '1 → 2', '1 → 0', 'b() → ;']],
    ['const a = b?.c ?? 2', ['b?.c ?? 2 → (b?.c)', 'b?.c ?? 2 → (2)', '?. → .', '2 → 3', '2 → 1']],
    ['await a()', ['await a() → ;', 'await a() → a()']],
    ['const a = { b, ...c }', ['b, →', '...c →']],
    ['const a = /b{2}/i', ['/b{2}/i → /b{3}/i', '/b{2}/i → /b{2}/']],
    ['import a from "b"; type C = "d"; interface E { f: 1 }', []],
  ])('The mutants of %s change each of its parts', (source, changes) => {
    expect(findMutants('a.ts', source).map(describeChange)).toEqual(changes)
  })

  it('A text that only people read is marked', () => {
    const source = "throw new A('code_used', { reason: 'late', to: 'a@b.example' })"
    const texts = findMutants('a.ts', source).filter(({ isText }) => isText)
    expect(texts.map(describeChange)).toEqual(["reason: 'late', →", "'late' → ''"])
  })
})

// R. G. Newcombe, Statistics in Medicine 17 (1998), page 857.
it('The interval of 81 of 263 is the published one', () => {
  expect(wilson(81, 263).map((share) => Number(share.toFixed(4)))).toEqual([0.2553, 0.3662])
})
