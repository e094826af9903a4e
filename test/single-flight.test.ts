import { describe, expect, it } from 'vitest'
import { createFlights } from '../src/lib/single-flight'
import { workerDeps } from '../src/runtime'

describe('work that is shared', () => {
  it('is done once for all who ask for it under one name, and anew after that', async () => {
    let runs = 0
    const share = createFlights<number>(workerDeps)
    const task = async () => ++runs
    expect(await Promise.all([share('a', task), share('a', task), share('b', task)])).toEqual([
      1, 1, 2,
    ])
    expect(await share('a', task)).toBe(3)
  })

  it('that fails fails for all, and is tried anew after that', async () => {
    const share = createFlights<number>(workerDeps)
    const fail = () => Promise.reject(new Error('no'))
    const both = await Promise.allSettled([share('a', fail), share('a', fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await share('a', async () => 1)).toBe(1)
  })

  it('and whose request was killed holds up nobody for ever', async () => {
    const late = new AbortController()
    const share = createFlights<number>({
      ...workerDeps,
      waitUntil: () => undefined,
      deadline: () => late.signal,
    })
    share('a', () => new Promise(() => {}))
    const joined = share('a', async () => 1)
    late.abort()
    await expect(joined).rejects.toMatchObject({ code: 'wechat_timeout' })
    expect(await share('a', async () => 1)).toBe(1)
  })
})
