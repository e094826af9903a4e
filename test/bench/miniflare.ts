/**
 * Serves a Worker from Miniflare, and on /rpc another one that calls it, in a process of its own
 * that sends its port to the parent. The Workers' logs are read and discarded.
 */

import { type MiniflareWorker, startMiniflare } from '../support/miniflare.ts'
import type { WorkerCode } from './workerd.ts'

/** JSON in the environment variable WORKER. */
const { worker, bindings, caller } = JSON.parse(process.env.WORKER ?? '{}') as WorkerCode

const services = { LOGIN: { name: 'worker', entrypoint: 'LoginService' } }
const callers: MiniflareWorker[] = caller
  ? [{ name: 'caller', code: caller, services, routes: ['*/rpc'] }]
  : []
const { url, close } = await startMiniflare([
  { name: 'worker', code: worker, bindings, kvNamespaces: ['SESSIONS'] },
  ...callers,
])
process.once('disconnect', close)
process.send?.(Number(url.port))
