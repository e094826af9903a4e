/** The processor time of processes, as Linux has it in /proc. */

import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds in user and system mode, by thread. */
export type CpuTimes = ReadonlyMap<string, number>

/** From USER_HZ, which is 100 on every Linux that Node runs on. */
const NANOSECONDS_PER_TICK = 1e7

/** The times of these processes up to now; `null` where there is no /proc. */
export function readCpuTimes(pids: readonly number[]): CpuTimes | null {
  try {
    const times = new Map(pids.flatMap((pid) => readSchedule(pid) ?? [readTicks(pid)]))
    return times.size > 0 ? times : null
  } catch {
    return null
  }
}

/**
 * Milliseconds between two readings; `null` where there is no /proc.
 *
 * A thread that has ended meanwhile is left out. Those that serve requests do not end.
 */
export function millisecondsBetween(before: CpuTimes | null, after: CpuTimes | null) {
  if (!before || !after) return null
  const spent = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0))
  return spent.reduce((sum, time) => sum + time, 0) / 1e6
}

/** Of each thread, in nanoseconds; `null` if the kernel does not keep them. */
function readSchedule(pid: number): [string, number][] | null {
  try {
    const times = readdirSync(`/proc/${pid}/task`).map((thread): [string, number] => {
      const [time] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')
      return [thread, Number(time)]
    })
    return times.some(([, time]) => time > 0) ? times : null
  } catch {
    return null
  }
}

/** Of the whole process, in ticks of 10 ms. */
function readTicks(pid: number): [string, number] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [String(pid), (Number(fields[11]) + Number(fields[12])) * NANOSECONDS_PER_TICK]
}
