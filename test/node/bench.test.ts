/** What `npm run bench` concludes from its figures, and how it reads processor time. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { compare, decideGoals, resolutions } from '../bench/comparison'
import { millisecondsBetween, readCpuTimes } from '../bench/cpu'
import { GOALS, LEAST_ROUNDS, toVerdict } from '../bench/goals'
import { openLoad } from '../bench/load'
import { FULL, OPERATIONS, parseOptions, QUICK } from '../bench/operations'
import { isFailure } from '../bench/report'
import { type Cell, measureRounds } from '../bench/rounds'
import { median, percentile, resolveDifference, resolveRatio } from '../bench/stats'
import type { Prepared, Sample, Variant } from '../bench/variants'

/** A row of checks on workerd, by its processor time per request in each round. */
function toCell(role: Cell['role'], cpu: readonly number[]): Cell {
  const samples = cpu.map((cpu) => ({ requestsPerSecond: 1000 / cpu, milliseconds: cpu, cpu }))
  return { operation: 'check', platform: 'workerd', name: role, role, samples, failure: null }
}

const six = (value: number) => Array<number>(6).fill(value)

describe('the statistics of the benchmark', () => {
  it('a percentile is interpolated between the two nearest values', () => {
    expect(percentile([60, 10, 50, 20, 40, 30], 0.2)).toBe(20)
    expect(percentile([10, 20], 0.2)).toBe(12)
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('the resolution of rows without noise is what they differ by, in either order', () => {
    expect(resolveRatio(six(1), six(1))).toBe(1)
    expect(resolveRatio(six(1), six(1.1))).toBeCloseTo(1.1)
    expect(resolveRatio(six(1.1), six(1))).toBeCloseTo(1.1)
    expect(resolveDifference(six(30), six(28))).toBe(2)
  })

  it('the resolution covers the spread of rounds that differ by nothing on the whole', () => {
    // Half of the resamples of two rounds draw the same one twice, with a ratio of 2 or 1/2.
    expect(resolveRatio([1, 2], [2, 1])).toBeCloseTo(2)
    // The sixth round is drawn three times of six or more, for a median of at least the root of 1.2,
    // in 6 % of the resamples, and four times or more, for 1.2, in 1 %.
    expect(resolveRatio([1, 1, 1, 1, 1, 1.2], six(1))).toBeCloseTo(1.2 ** 0.5)
  })

  it('the resolution of nothing is not a number', () => {
    expect(resolveRatio([], [])).toBeNaN()
    expect(resolveDifference([], [])).toBeNaN()
  })
})

describe('a goal of the benchmark', () => {
  const rounds = LEAST_ROUNDS

  it.each([
    ['cpu', 1.5, 1.5, 1.04, 'met'],
    ['cpu', 1.5, 1.55, 1.04, 'within the resolution'],
    ['cpu', 1.5, 1.57, 1.04, 'MISSED'],
    ['rate', 0.9, 0.9, 1.25, 'met'],
    ['rate', 0.9, 0.73, 1.25, 'within the resolution'],
    ['rate', 0.9, 0.71, 1.25, 'MISSED'],
    ['milliseconds', 4, 4, 1, 'met'],
    ['milliseconds', 4, 5, 1, 'within the resolution'],
    ['milliseconds', 4, 5.1, 1, 'MISSED'],
  ] as const)(
    '%s %d, measured %d with resolution %d: %s',
    (measure, limit, measured, resolution, verdict) => {
      expect(toVerdict({ measure, limit }, { measured, resolution, rounds })).toBe(verdict)
    },
  )

  it('a goal is not decided without a measurement, a resolution or enough rounds', () => {
    const goal = { measure: 'cpu', limit: 1.5 } as const
    const measured = { measured: 9, resolution: 1, rounds }
    expect(toVerdict(goal, { ...measured, measured: Number.NaN })).toBe('not measured')
    expect(toVerdict(goal, { ...measured, resolution: Number.NaN })).toBe('not measured')
    expect(toVerdict(goal, { ...measured, rounds: rounds - 1 })).toBe('too few rounds')
  })

  it('both documents have each goal in their table, the English one with its origin', () => {
    const readRows = (file: string) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.split('|').length === 5)
    const english = readRows('docs/performance.md')
    const chinese = readRows('docs/zh-CN/performance.md')
    for (const { operation, limit, origin } of GOALS) {
      const found = english.find(
        (row) => row.includes(operation.replace('-', ' ')) && row.includes(`| ${origin} |`),
      )
      expect([operation, found]).toEqual([operation, expect.stringContaining(` ${limit} `)])
      const translated = chinese[english.indexOf(found ?? '')]
      expect([operation, translated]).toEqual([operation, expect.stringContaining(` ${limit} `)])
    }
  })

  it('a round in which the machine is slow changes no ratio', () => {
    const slow = [1, 1, 1, 3, 3, 3]
    const twice = slow.map((value) => value * 2)
    const cells = [toCell('bare', slow), toCell('again', slow), toCell('ours', twice)]
    const [, , ours = toCell('ours', [])] = cells
    expect([compare(cells, ours).cpu, resolutions(cells)[0]?.cpu]).toEqual([2, 1])
  })

  it('a row is compared with both rows of the bare Worker together', () => {
    const cells = [toCell('bare', six(1)), toCell('again', six(1.2)), toCell('ours', six(2.2))]
    const [, , ours = toCell('ours', [])] = cells
    expect(compare(cells, ours).cpu).toBeCloseTo(2)
    expect(resolutions(cells)).toHaveLength(1)
    expect(resolutions(cells)[0]?.cpu).toBeCloseTo(1.2)
    expect(decideGoals(cells).map(({ verdict }) => verdict)).toEqual(['MISSED'])
    expect(isFailure(cells)).toBe(true)
  })

  it('what failed is no measurement, and a failure of its own', () => {
    const bare = [toCell('bare', six(1)), toCell('again', six(1))]
    const met = [...bare, toCell('ours', six(1.4))]
    expect([decideGoals(met)[0]?.verdict, isFailure(met)]).toEqual(['met', false])
    const ours = { ...toCell('ours', six(1.4)), failure: 'it answered 500' }
    const failed = [...bare, ours]
    expect([decideGoals(failed)[0]?.verdict, isFailure(failed)]).toEqual(['not measured', true])
    const [one = ours, other = ours] = bare
    const unresolved = [one, { ...other, failure: 'it answered 500' }, toCell('ours', six(9))]
    expect(decideGoals(unresolved)[0]?.verdict).toBe('not measured')
  })
})

describe('the rounds of the benchmark', () => {
  const sample = { requestsPerSecond: 1, milliseconds: 1, cpu: 1 }
  const progress = { step() {}, detail() {}, end() {} }

  /** A clock that a measurement moves, and a variant of one operation with that measurement. */
  function setUp() {
    let seconds = 0
    let running = 0
    const toVariant = (name: string, measure: Prepared['measure']): Variant => ({
      name,
      role: 'peer',
      platform: 'Express',
      operations: ['check'],
      group: 'all',
      start: async () => {
        running++
        const close = async () => void running--
        return { prepare: async () => ({ measure, close() {} }), close }
      },
    })
    const take = (duration: number) => async () => {
      seconds += duration
      return sample
    }
    const measure = (
      variants: readonly Variant[],
      plan: { seconds: number; rounds: number; slices?: number },
    ) =>
      measureRounds(variants, {
        operations: ['check'],
        progress,
        secondsNow: () => seconds,
        plan: { ...QUICK, slices: 1, ...plan },
      })
    return { toVariant, take, measure, running: () => running }
  }

  it('the variants of a group take turns, and the parts of a round make one sample', async () => {
    const order: string[] = []
    const { toVariant, measure } = setUp()
    const rates = [100, 300]
    const toMeasure = (name: string) => async (): Promise<Sample> => {
      order.push(name)
      const turn = order.filter((other) => other === name).length - 1
      return { requestsPerSecond: rates[turn] ?? null, milliseconds: turn, cpu: 1 + turn }
    }
    const variants = ['a', 'b'].map((name) => toVariant(name, toMeasure(name)))
    const [cell] = await measure(variants, { seconds: 100, rounds: 1, slices: 2 })
    // As many requests at 100 and at 300 per second take as long as all of them at 150.
    expect(cell?.samples).toEqual([{ requestsPerSecond: 150, milliseconds: 0.5, cpu: 1.5 }])
    expect([...order.slice(0, 2)].sort()).toEqual(['a', 'b'])
    expect([...order.slice(2)].sort()).toEqual(['a', 'b'])
  })

  it('what fails is measured no more, and everything else is', async () => {
    const { toVariant, take, measure, running } = setUp()
    let answers = 0
    const cells = await measure(
      [
        toVariant('good', take(1)),
        toVariant('bad', async () => {
          if (answers++ > 0) throw new Error('it answered 500')
          return sample
        }),
        {
          ...toVariant('absent', take(1)),
          start: () => Promise.reject(new Error('it did not start')),
        },
      ],
      { seconds: 100, rounds: 3 },
    )
    expect(cells.map(({ name, samples, failure }) => [name, samples.length, failure])).toEqual([
      ['good', 3, null],
      ['bad', 1, 'it answered 500'],
      ['absent', 0, 'it did not start'],
    ])
    expect([answers, running()]).toEqual([2, 0])
  })

  it('a round that time does not allow does not begin, and one that is cut off does not count', async () => {
    const { toVariant, take, measure } = setUp()
    const steady = toVariant('steady', take(10))
    const [cell] = await measure([steady], { seconds: 35, rounds: 9 })
    expect(cell?.samples).toHaveLength(3)

    const other = setUp()
    let duration = 1
    // Each round takes ten times as long as the one before.
    const slower = other.toVariant('slower', () => {
      duration *= 10
      return other.take(duration)()
    })
    const [cut] = await other.measure([slower], { seconds: 50, rounds: 9 })
    expect([cut?.samples.length, cut?.failure]).toEqual([1, null])
  })
})

describe('the options of the benchmark', () => {
  it('without names, all operations are measured', () => {
    expect(parseOptions([])).toEqual({ plan: FULL, operations: OPERATIONS })
    const some = parseOptions(['login', '--quick', 'check'])
    expect(some).toEqual({ plan: QUICK, operations: ['check', 'login'] })
    expect(() => parseOptions(['--slow'])).toThrow('--slow')
  })
})

describe('the load of the benchmark', () => {
  it('a connection that the server has closed is an error, and nothing to wait for', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    const server = createServer((socket) => {
      closed = once(socket, 'close')
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const load = await openLoad(port, () => 'GET / HTTP/1.1\r\n\r\n', 1)
    await load.send(1)
    await closed
    await setImmediate()
    await expect(load.send(1)).rejects.toThrow('the server closed the connection')
    load.close()
    server.close()
  })
})

describe.runIf(process.platform === 'linux')('processor time from /proc', () => {
  it('the processor time of a process grows by what it has used', () => {
    const before = readCpuTimes([process.pid])
    const began = process.cpuUsage()
    let used = 0
    while (used < 300) {
      const { user, system } = process.cpuUsage(began)
      used = (user + system) / 1000
    }
    const measured = millisecondsBetween(before, readCpuTimes([process.pid]))
    expect(Math.abs((measured ?? 0) - used)).toBeLessThan(60)
  })

  it('a process that is not there has no processor time', () => {
    expect(readCpuTimes([2 ** 30])).toBeNull()
    expect(millisecondsBetween(null, null)).toBeNull()
  })
})
