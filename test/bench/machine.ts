/** The machine and the versions that the figures were measured with. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'

export function describeMachine(): string {
  const manifest = createRequire(import.meta.url).resolve('workerd/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const cpu = cpus()[0]?.model ?? 'unknown processor'
  const cores = `${availableParallelism()} cores shared by the server and all it talks to`
  return `${cpu}, ${cores}; workerd ${version}, Node ${process.versions.node}`
}
