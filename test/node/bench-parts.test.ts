/** What `npm run bench -- --parts` takes out of the Worker, and what it concludes from that. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toCost } from '../bench/comparison'
import { OPERATIONS_WITH_PARTS, type Operation } from '../bench/operations'
import { bundleChanged, findParts } from '../bench/parts'
import type { Cell } from '../bench/rounds'

describe('the parts of the Worker', () => {
  const parts = findParts(OPERATIONS_WITH_PARTS).map((part) => ({
    ...part,
    of: part.operations.join(),
  }))

  const whole = bundleChanged({})

  it.each(parts)('$name can be taken out of $of', async (part) => {
    expect(await bundleChanged(part)).not.toBe(await whole)
  })

  it.each(parts)(
    'what $name replaces for $of stands in the source exactly once',
    ({ edits = [] }) => {
      const counts = edits.map(([file, from]) => readFileSync(file, 'utf8').split(from).length - 1)
      expect(counts).toEqual(edits.map(() => 1))
    },
  )

  it('a part whose source has changed is an error', async () => {
    const edits = [['src/core/log.ts', 'what is not there', '']] as const
    await expect(bundleChanged({ edits })).rejects.toThrow('what is not there')
  })

  it('all parts of an operation can be taken out at once', () => {
    const all = findParts(['check', 'login']).filter(({ name }) => name === 'all of these')
    expect(all.map(({ operations }) => operations)).toEqual([['check'], ['login']])
  })
})

describe('what a part costs', () => {
  const toCells = (operation: Operation, figures: Record<string, readonly number[]>) =>
    (['bare', 'again', 'ours', 'part'] as const).map((role): Cell => {
      const samples = (figures[role] ?? []).map((value) => {
        return { requestsPerSecond: null, milliseconds: value, cpu: value }
      })
      return { operation, platform: 'workerd', name: role, role, samples, failure: null }
    })
  const figures = { bare: [1, 2, 4], again: [1, 2, 4], ours: [2, 4, 8], part: [1.5, 3, 6] }

  it('it is a multiple of the processor time of a bare Worker in the same round', () => {
    const cells = toCells('check', figures)
    const [, , , part] = cells
    expect(part && toCost(cells, part)).toEqual({ cost: 0.5, low: 0.5, high: 0.5 })
  })

  it('for a cold start, it is milliseconds', () => {
    const cells = toCells('cold-start', figures)
    const [, , , part] = cells
    expect(part && toCost(cells, part)).toMatchObject({ cost: 1 })
  })
})
