/** The memory of the workerd processes that this test has started, as Linux reports it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Whether there is a /proc to read. */
export const hasProcesses = existsSync('/proc/self/status')

/** The resident memory of all workerd processes below this one, in bytes. It needs a /proc. */
export function workerdMemory(): number {
  const parents = new Map<string, string>()
  const resident = new Map<string, number>()
  for (const id of listProcesses()) {
    const status = readStatus(id)
    parents.set(id, /^PPid:\s+(\d+)/m.exec(status)?.[1] ?? '')
    const isWorkerd = /^Name:\s+workerd/m.test(status)
    if (isWorkerd) resident.set(id, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024)
  }
  const isOurs = (id: string | undefined): boolean =>
    id === String(process.pid) || (!!id && isOurs(parents.get(id)))
  return [...resident].reduce((sum, [id, bytes]) => (isOurs(id) ? sum + bytes : sum), 0)
}

function listProcesses(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
}

/** Empty for a process that has ended in the meantime. */
function readStatus(id: string): string {
  try {
    return readFileSync(`/proc/${id}/status`, 'utf8')
  } catch {
    return ''
  }
}
