import { afterEach, expect, it, vi } from 'vitest'
import { createLimiter } from '../../src/server/limits'

afterEach(() => void vi.useRealTimers())

it('A limit in the process counts each of many addresses, and each minute anew', async () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
  const limiter = createLimiter({ LOGIN_LIMIT: '1' }, 'LOGIN_LIMIT', {
    standard: 1000,
    redis: null,
  })
  const countSuccesses = async () => {
    let successes = 0
    for (let address = 0; address < 5000; address++) {
      successes += Number((await limiter?.limit({ key: `${address}` }))?.success)
    }
    return successes
  }
  expect([await countSuccesses(), await countSuccesses()]).toEqual([5000, 0])
  vi.setSystemTime(60_000)
  expect(await countSuccesses()).toBe(5000)
})
