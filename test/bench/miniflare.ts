/**
 * A Worker in Miniflare, in a process of its own. Sends its port. What the Worker logs is read and
 * dropped.
 */

import { readFileSync } from 'node:fs'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

/** JSON in the environment: the Worker to serve. */
export interface MiniflareWorker {
  readonly file: string
  readonly bindings: Readonly<Record<string, string>>
  readonly compatibilityDate: string
}

const worker = JSON.parse(process.env.WORKER ?? '{}') as MiniflareWorker

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: readFileSync(worker.file, 'utf8'),
    compatibilityDate: worker.compatibilityDate,
    bindings: worker.bindings,
    kvNamespaces: ['SESSIONS'],
    handleStructuredLogs: () => {},
  }),
)

const { port } = await miniflare.ready
process.once('disconnect', () => miniflare.dispose())
process.send?.(Number(port))
