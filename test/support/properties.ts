/** What holds of any input, as the fuzz tests check it. */

import fc from 'fast-check'
import { describe, inject, it } from 'vitest'

export interface Property {
  readonly check: (options: { numRuns: number; seed: number }) => Promise<void>
}

/** That a task does not fail, whichever of these cases it gets. */
export function property<Case>(
  cases: fc.Arbitrary<Case>,
  task: (input: Case) => Promise<void>,
): Property {
  return { check: async (options) => fc.assert(fc.asyncProperty(cases, task), options) }
}

/**
 * Tests these properties, by their names.
 *
 * @param cost How much longer one of their cases takes than a request to the login
 */
export function testProperties(properties: Readonly<Record<string, Property>>, cost = 1): void {
  const numRuns = Math.ceil(inject('fuzzRuns') / cost)
  const seed = inject('fuzzSeed')
  describe('arbitrary input', { timeout: Math.max(60_000, numRuns * cost * 20) }, () => {
    it.each(Object.entries(properties))('%s', (_, { check }) => check({ numRuns, seed }))
  })
}
