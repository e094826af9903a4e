import { afterEach, expect, it, vi } from 'vitest'
import { createLimiter } from '../../src/server/limits'
import { EMPTY_STORE } from '../support/store-contract'

afterEach(() => void vi.useRealTimers())

it('A limit in the process counts each of many addresses, and each minute anew', async () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
  const limiter = createLimiter({ LOGIN_LIMIT: '1' }, 'LOGIN_LIMIT', EMPTY_STORE)
  expect(await count(limiter, 99_999)).toBe(99_999)
  vi.setSystemTime(59_999)
  expect(await count(limiter, 5000)).toBe(0)
  // With one more, they are as many as it remembers.
  expect(await limiter?.limit({ key: 'one more' })).toEqual({ success: true })
  expect(await count(limiter, 5000)).toBe(5000)
  vi.setSystemTime(60_000)
  expect(await count(limiter, 5000)).toBe(5000)
})

it.each([
  ['LOGIN_LIMIT', 1000],
  ['USER_LIMIT', 120],
] as const)('%s is %i a minute unless it is set, and 0 is none', async (name, fallback) => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
  const limiter = createLimiter({}, name, EMPTY_STORE)
  expect(await count(limiter, fallback + 1, () => 'one')).toBe(fallback)
  expect(createLimiter({ [name]: '0' }, name, EMPTY_STORE)).toBeUndefined()
})

/** How many of so many requests are let through. */
async function count(
  limiter: ReturnType<typeof createLimiter>,
  requests: number,
  toKey: (index: number) => string = String,
): Promise<number> {
  let successes = 0
  for (let index = 0; index < requests; index++) {
    successes += Number((await limiter?.limit({ key: toKey(index) }))?.success)
  }
  return successes
}
