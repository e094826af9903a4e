/** What must hold of every store, as one contract. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/server/store'

const OWNER = 'session:owner:'
const ENTRY = { value: Uint8Array.of(0, 255, 10, 13, 128), metadata: '{"userAgent":"é 手机"}' }

/** A store that keeps nothing. */
export const EMPTY_STORE: Store = {
  read: async () => null,
  write: async () => {},
  remove: async () => {},
  list: async () => [],
  close: async () => {},
}

/** A store, with a clock that can be set, and another process or connection on the same data. */
export interface StoreUnderTest {
  readonly store: Store
  readonly other: Store
  /** Lets so many seconds pass for the store; absent where lifetimes are too long to wait for. */
  readonly pass?: (seconds: number) => Promise<void>
  /** Whether it has an entry of this name, live or not; absent where the store deletes it by itself. */
  readonly has?: (name: string) => Promise<boolean>
}

export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the contract of a store, kept by ${name}`, () => {
    let tested: StoreUnderTest
    beforeAll(async () => {
      tested = await open()
    })
    afterAll(async () => {
      await tested.store.close()
      await tested.other.close()
    })

    it(`${name} gives bytes and metadata back exactly`, async () => {
      await tested.store.write(`${OWNER}exact`, ENTRY, 60)
      const entry = await tested.store.read(`${OWNER}exact`)
      expect(entry && { ...entry, value: [...entry.value] }).toEqual({
        value: [...ENTRY.value],
        metadata: ENTRY.metadata,
      })
    })

    it(`${name} stores a view of a larger buffer as the view alone`, async () => {
      const view = new Uint8Array(1000).fill(7).subarray(10, 13)
      await tested.store.write(`${OWNER}view`, { value: view, metadata: 'null' }, 60)
      const entry = await tested.store.read(`${OWNER}view`)
      expect([...(entry?.value ?? [])]).toEqual([7, 7, 7])
      expect(entry?.metadata).toBe('null')
    })

    it(`${name} tells names apart by their case and by a space at their end`, async () => {
      await tested.store.write(`${OWNER}Name`, ENTRY, 60)
      expect(await tested.store.read(`${OWNER}name`)).toBeNull()
      expect(await tested.store.read(`${OWNER}Name `)).toBeNull()
      await tested.store.write('session:OWNER:a', ENTRY, 60)
      const names = (await tested.store.list(OWNER)).map((entry) => entry.name)
      expect(names).not.toContain('session:OWNER:a')
    })

    it(`${name} replaces an entry that is written again`, async () => {
      await tested.store.write(`${OWNER}again`, ENTRY, 60)
      await tested.store.write(`${OWNER}again`, { value: Uint8Array.of(1), metadata: '2' }, 60)
      const entry = await tested.other.read(`${OWNER}again`)
      expect([[...(entry?.value ?? [])], entry?.metadata]).toEqual([[1], '2'])
      const named = (await tested.store.list(OWNER)).filter((e) => e.name === `${OWNER}again`)
      expect(named).toEqual([{ name: `${OWNER}again`, metadata: '2' }])
    })

    it(`${name} neither reads, lists nor keeps an entry after its lifetime`, async ({ skip }) => {
      const { pass } = tested
      if (!pass) return skip('its shortest lifetime is a minute')
      const owner = 'session:mortal:'
      await tested.store.write(`${owner}short`, ENTRY, 1)
      await tested.store.write(`${owner}long`, ENTRY, 600)
      expect(await tested.store.list(owner)).toHaveLength(2)
      await pass(2)
      expect(await tested.store.read(`${owner}short`)).toBeNull()
      expect(await tested.store.list(owner)).toEqual([
        { name: `${owner}long`, metadata: ENTRY.metadata },
      ])
      await tested.store.write(`${owner}next`, ENTRY, 600)
      expect(await tested.has?.(`${owner}short`)).not.toBe(true)
      expect(await tested.has?.(`${owner}long`)).not.toBe(false)
    })

    it(`${name} no longer finds an entry that another process has removed`, async () => {
      await tested.store.write(`${OWNER}ended`, ENTRY, 60)
      await tested.other.remove(`${OWNER}ended`)
      expect(await tested.store.read(`${OWNER}ended`)).toBeNull()
      expect((await tested.store.list(OWNER)).map((e) => e.name)).not.toContain(`${OWNER}ended`)
      await tested.store.remove(`${OWNER}ended`)
    })

    it(`${name} lists 1,100 entries of one owner`, async () => {
      const owner = 'session:many:'
      for (let batch = 0; batch < 11; batch++) {
        const names = Array.from({ length: 100 }, (_, index) => `${owner}${batch}-${index}`)
        await Promise.all(names.map((name) => tested.store.write(name, ENTRY, 600)))
      }
      expect(new Set((await tested.store.list(owner)).map((e) => e.name)).size).toBe(1100)
    })

    it(`${name} keeps 40 writes of one owner at once from two processes, and removes all`, async () => {
      const owner = 'session:busy:'
      const names = Array.from({ length: 40 }, (_, index) => `${owner}${index}`)
      const { store, other } = tested
      await Promise.all(
        names.map((name, index) => (index % 2 ? store : other).write(name, ENTRY, 600)),
      )
      const listed = await store.list(owner)
      expect(listed.map((entry) => entry.name).toSorted()).toEqual(names.toSorted())
      await Promise.all(listed.map((entry) => store.remove(entry.name)))
      expect(await other.list(owner)).toEqual([])
    })
  })
}
