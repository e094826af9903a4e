/** What `npm run bench` concludes from its figures, and how it reads processor time. */

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { CHINESE, toTables } from '../bench/documents'
import { decideGoals, GOALS, isFailure, resolve, toRounds, toVerdict } from '../bench/goals'
import { createLoad } from '../bench/load'
import { microsecondsBetween, type Program, readCpuTimes } from '../bench/measure'
import { OPERATIONS, parseOptions, QUICK, ROW_NAMES, type Row } from '../bench/operations'
import { draw } from '../bench/picture'
import { type Cell, measureRounds } from '../bench/rounds'
import { median, percentile, resolveDifferences } from '../bench/stats'

/** A row of logins, by its microseconds in each round. */
function toCell(row: Row, samples: number[], failure: string | null = null): Cell {
  return { operation: 'login', row, samples, failure }
}

const six = (value: number) => Array<number>(6).fill(value)

describe('the statistics of the benchmark', () => {
  it('a percentile is interpolated between the two nearest values', () => {
    expect(percentile([60, 10, 50, 20, 40, 30], 0.2)).toBe(20)
    expect(percentile([10, 20], 0.2)).toBe(12)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('the resolution of rows without noise is what they differ by, in either order', () => {
    expect(resolveDifferences(six(0))).toBe(0)
    expect(resolveDifferences(six(2))).toBe(2)
    expect(resolveDifferences(six(-2))).toBe(2)
    expect(resolveDifferences([])).toBeNaN()
  })

  it('the resolution covers the spread of rounds that differ by nothing on the whole', () => {
    // Half of the resamples of two rounds draw the same one twice.
    expect(resolveDifferences([1, -1])).toBe(1)
    // The sixth round is drawn three times of six or more, for a median of at least 1, in 6 % of the
    // resamples, and four times or more, for 2, in 1 %.
    expect(resolveDifferences([0, 0, 0, 0, 0, 2])).toBe(1)
  })
})

describe('a goal of the benchmark', () => {
  it.each([
    [0, 3, 6, 'met'],
    [3, 3, 6, 'within the resolution'],
    [3.1, 3, 6, 'MISSED'],
    [9, 3, 5, 'too few rounds'],
    [Number.NaN, 3, 6, 'not measured'],
    [9, Number.NaN, 6, 'not measured'],
  ] as const)(
    '%d us above its limit, with a resolution of %d us and %d rounds: %s',
    (excess, resolution, rounds, verdict) => {
      expect(toVerdict(excess, resolution, rounds)).toBe(verdict)
    },
  )

  it('a row is compared with the mean of both rows of the bare Worker, round by round', () => {
    const slow = [1, 1, 1, 3, 3, 3]
    const times = (factor: number) => slow.map((value) => value * factor)
    const scaled = (row: Row, factor: number) => toCell(row, times(factor))
    const cells = [scaled('bare', 90), scaled('again', 110), scaled('ours', 150)]
    const rounds = toRounds(cells)
    expect(rounds.map(({ above }) => above('login', 'ours'))).toEqual(times(50))
    expect(resolve(rounds, 'login')).toBe(60)
    // The baseline was not measured.
    expect(decideGoals(cells).map(({ verdict }) => verdict)).toEqual(['not measured'])

    // Half of what the baseline has above bare is allowed, in every round.
    const verdicts = (baseline: number) =>
      decideGoals([...cells, scaled('baseline', baseline)]).map(({ verdict }) => verdict)
    expect(verdicts(200)).toEqual(['met'])
    expect(verdicts(190)).toEqual(['within the resolution'])
    expect(verdicts(120)).toEqual(['MISSED'])
    expect(isFailure([...cells, scaled('baseline', 120)])).toBe(true)
  })

  it('the server is compared with the other library in the same rounds', () => {
    const bare = [toCell('bare', six(100)), toCell('again', six(101))]
    const cells = [...bare, toCell('redis', six(300)), toCell('easywechat', six(290))]
    expect(decideGoals(cells)).toMatchObject([{ measured: 300, limit: 290, verdict: 'MISSED' }])
  })

  it('what failed is no measurement, and a failure of its own', () => {
    const bare = [toCell('bare', six(1)), toCell('again', six(1))]
    const ours = toCell('ours', six(1), 'it answered 500')
    const cells = [...bare, ours, toCell('baseline', six(2))]
    expect([decideGoals(cells)[0]?.verdict, isFailure(cells)]).toEqual(['not measured', true])
    expect(isFailure(bare)).toBe(false)
  })
})

describe('what the benchmark writes', () => {
  const cells = [
    toCell('bare', six(100)),
    toCell('again', six(100)),
    toCell('ours', six(180)),
    toCell('baseline', six(200)),
    toCell('easywechat', six(60)),
  ]

  it('the documents have what the Worker costs above bare, and which goal it misses', () => {
    const results = { date: '2026-11-30', machine: '2 × CPU', seconds: 9, notices: [], cells }
    const tables = toTables(results, {})
    expect(tables['measured-costs']).toContain('| login | 100 µs | 80 µs | 1.80 | 100 µs | 0 µs |')
    expect(tables['measured-costs']).toContain('2026-11-30, 2 × CPU, 6 rounds')
    const row = '| code2session | at most half of 4003468 above bare | login 80 µs > 50 µs |'
    expect(tables['measured-goals']).toContain(row)
  })

  it('every goal has a Chinese text', () => {
    expect(GOALS.filter(({ text }) => !(text in CHINESE))).toEqual([])
  })

  it('the picture has a bar a row, to the left of the bare Worker for what needs less', () => {
    const bars = [...draw(cells).matchAll(/<rect class="(\w+)" x="([\d.]+)".* width="([\d.]+)"/g)]
    const [ours, baseline, easywechat] = bars.map(([, row, x, width]) => {
      return { row, from: Number(x), to: Number(x) + Number(width) }
    })
    expect(bars.map(([, row]) => row)).toEqual(['ours', 'baseline', 'easywechat'])
    expect(baseline?.from).toBe(ours?.from)
    expect(easywechat?.to).toBeCloseTo(ours?.from ?? 0, 0)
  })
})

describe('the rounds of the benchmark', () => {
  /** A clock that a measurement moves, and a program of one operation with that measurement. */
  function setUp() {
    let seconds = 0
    let running = 0
    const toProgram = (row: Row, measure: () => Promise<number>): Program => ({
      row,
      operations: ['check'],
      start: async () => {
        running++
        const close = async () => void running--
        return { prepare: async () => measure, close }
      },
    })
    const take = (duration: number) => async () => {
      seconds += duration
      return 1
    }
    const measure = (
      programs: readonly Program[],
      plan: { seconds: number; rounds: number; slices?: number },
    ) =>
      measureRounds(programs, {
        operations: ['check'],
        say() {},
        secondsNow: () => seconds,
        plan: { ...QUICK, slices: 1, ...plan },
      })
    return { toProgram, take, measure, running: () => running }
  }

  it('the rows of an operation take turns, and the parts of a round make one sample', async () => {
    const order: Row[] = []
    const { toProgram, measure } = setUp()
    const rows = ['bare', 'ours'] as const
    const programs = rows.map((row) =>
      toProgram(row, async () => {
        order.push(row)
        return order.filter((other) => other === row).length
      }),
    )
    const [cell] = await measure(programs, { seconds: 100, rounds: 1, slices: 2 })
    expect(cell?.samples).toEqual([1.5])
    expect([...order.slice(0, 2)].sort()).toEqual(rows)
    expect([...order.slice(2)].sort()).toEqual(rows)
  })

  it('what fails is measured no more, and everything else is', async () => {
    const { toProgram, take, measure, running } = setUp()
    let answers = 0
    const cells = await measure(
      [
        toProgram('bare', take(1)),
        toProgram('again', async () => {
          if (answers++ > 0) throw new Error('it answered 500')
          return 1
        }),
        {
          ...toProgram('ours', take(1)),
          start: () => Promise.reject(new Error('it did not start')),
        },
      ],
      { seconds: 100, rounds: 3 },
    )
    expect(cells.map(({ row, samples, failure }) => [row, samples.length, failure])).toEqual([
      ['bare', 3, null],
      ['again', 1, 'it answered 500'],
      ['ours', 0, 'it did not start'],
    ])
    expect([answers, running()]).toEqual([2, 0])
  })

  it('a round that time does not allow does not begin', async () => {
    const { toProgram, take, measure } = setUp()
    const [cell] = await measure([toProgram('bare', take(10))], { seconds: 35, rounds: 9 })
    expect(cell?.samples).toHaveLength(3)
  })
})

describe('the options of the benchmark', () => {
  it('without names, everything is measured, and the bare Worker always', () => {
    const all = { isQuick: false, operations: OPERATIONS, rows: ROW_NAMES }
    expect(parseOptions([])).toEqual(all)
    expect(parseOptions(['login', '--quick', 'check', 'ours'])).toEqual({
      isQuick: true,
      operations: ['check', 'login'],
      rows: ['bare', 'again', 'ours'],
    })
    expect(parseOptions(['--slow'])).toBeNull()
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
    const load = createLoad(port, () => 'GET / HTTP/1.1\r\n\r\n', 1)
    await load(1)
    await closed
    await setImmediate()
    await expect(load(1)).rejects.toThrow('the server closed the connection')
    server.close()
  })
})

describe.runIf(process.platform === 'linux')('processor time from /proc', () => {
  it('the processor time of a process grows by what it has used', () => {
    const before = readCpuTimes(process.pid)
    const began = process.cpuUsage()
    let used = 0
    while (used < 300) {
      const { user, system } = process.cpuUsage(began)
      used = (user + system) / 1000
    }
    const measured = microsecondsBetween(before, readCpuTimes(process.pid))
    expect(Math.abs(measured / 1000 - used)).toBeLessThan(60)
  })
})
