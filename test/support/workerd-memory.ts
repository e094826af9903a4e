/** The memory of the workerd processes that this test has started, as Linux reports it. */

import { readdirSync, readFileSync } from 'node:fs'

/** The resident memory of all workerd processes below this one, in bytes; 0 where there is no /proc. */
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
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Empty for a process that has ended in the meantime. */
function readStatus(id: string): string {
  try {
    return readFileSync(`/proc/${id}/status`, 'utf8')
  } catch {
    return ''
  }
}
