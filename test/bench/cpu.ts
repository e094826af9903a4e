/** The processor time of a process, as Linux has it in /proc. */

import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds in user and system mode, by thread. */
export type CpuTimes = ReadonlyMap<string, number>

/**
 * The times of this process up to now.
 *
 * @throws {Error} where the kernel does not keep them
 */
export function readCpuTimes(pid: number): CpuTimes {
  const threads = readdirSync(`/proc/${pid}/task`)
  const read = (thread: string) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')
  return new Map(threads.map((thread) => [thread, Number(read(thread).split(' ')[0])]))
}

/**
 * Microseconds between two readings.
 *
 * A thread that has ended meanwhile is left out. Those that serve requests do not end.
 */
export function microsecondsBetween(before: CpuTimes, after: CpuTimes): number {
  const spent = [...after].map(([thread, time]) => time - (before.get(thread) ?? 0))
  return spent.reduce((sum, time) => sum + time, 0) / 1000
}
