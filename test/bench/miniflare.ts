/**
 * Serves a Worker from Miniflare, in a process of its own that sends its port to the parent. The
 * Worker's log is read and discarded.
 */

import { readFileSync } from 'node:fs'
import { startMiniflare } from '../support/miniflare.ts'

/** The Worker to serve: JSON in the environment variable WORKER. */
export interface WorkerFile {
  readonly file: string
  readonly bindings: Readonly<Record<string, string>>
}

const { file, bindings } = JSON.parse(process.env.WORKER ?? '{}') as WorkerFile

const { url, close } = await startMiniflare([
  { name: 'worker', code: readFileSync(file, 'utf8'), bindings, kvNamespaces: ['SESSIONS'] },
])
process.once('disconnect', close)
process.send?.(Number(url.port))
