import { describe, expect, it } from 'vitest'
import { createSingleFlight, type SingleFlightOptions } from '../src/lib/single-flight'

const OPTIONS: SingleFlightOptions = {
  waitUntil: () => undefined,
  deadline: () => new AbortController().signal,
  onTimeout: () => new Error('too late'),
}

describe('single-flight', () => {
  it('A task runs once for concurrent callers with one key, and again for later ones', async () => {
    let runs = 0
    const run = createSingleFlight<number>(OPTIONS)
    const task = async () => ++runs
    expect(await Promise.all([run('a', task), run('a', task), run('b', task)])).toEqual([1, 1, 2])
    expect(await run('a', task)).toBe(3)
  })

  it('A task that fails rejects for every caller, and the next task runs', async () => {
    const run = createSingleFlight<number>(OPTIONS)
    const fail = () => Promise.reject(new Error('no'))
    const both = await Promise.allSettled([run('a', fail), run('a', fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await run('a', async () => 1)).toBe(1)
  })

  it('A caller that joined a task that never settles gets the timeout error, and the next task runs', async () => {
    const timer = new AbortController()
    const run = createSingleFlight<number>({ ...OPTIONS, deadline: () => timer.signal })
    run('a', () => new Promise(() => {})).catch(() => undefined)
    const joined = run('a', async () => 1)
    timer.abort()
    await expect(joined).rejects.toThrow('too late')
    expect(await run('a', async () => 1)).toBe(1)
  })

  it('Without a timeout error, a caller that joined a task that never settles runs its own', async () => {
    const timer = new AbortController()
    const { onTimeout: _, ...options } = OPTIONS
    const run = createSingleFlight<number>({ ...options, deadline: () => timer.signal })
    run('a', () => new Promise(() => {})).catch(() => undefined)
    const joined = run('a', async () => 1)
    timer.abort()
    expect(await joined).toBe(1)
  })

  it('Callers join the successor of a task that timed out, even after the first task has settled', async () => {
    const timer = new AbortController()
    const run = createSingleFlight<number>({ ...OPTIONS, deadline: () => timer.signal })
    const first = Promise.withResolvers<number>()
    const second = Promise.withResolvers<number>()
    const started = run('a', () => first.promise)
    const joined = run('a', async () => 0)
    timer.abort()
    await expect(joined).rejects.toThrow('too late')
    const successor = run('a', () => second.promise)
    first.resolve(1)
    await started
    const third = run('a', async () => 3)
    second.resolve(2)
    expect(await Promise.all([successor, third])).toEqual([2, 2])
  })
})
