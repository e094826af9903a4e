/** An HTTP server that starts with one line, and ends when nothing is left to do. */

import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import packageJson from '../../package.json' with { type: 'json' }
import type { Runtime } from '../core/runtime'
import { fail, StartFault } from './fault'
import { serverRuntime } from './runtime'
import { type Environment, parseWhole } from './settings'
import type { Store } from './store'

/** How long requests and tasks in progress may take after a signal, in milliseconds. */
const GRACE_MILLISECONDS = 10_000

/** Above the 60 s after which nginx and most proxies let an idle connection go. */
const KEEP_ALIVE_MILLISECONDS = 65_000

/** The server's runtime, and the tasks that outlive their requests. */
export function createTasks() {
  const tasks = new Set<Promise<unknown>>()
  const runtime: Runtime = {
    ...serverRuntime,
    waitUntil: (task) => {
      const kept = task.catch(() => undefined).finally(() => tasks.delete(kept))
      tasks.add(kept)
    },
  }
  return { runtime, tasks }
}

export interface ListenOptions {
  readonly name: string
  readonly env: Environment
  readonly defaultPort: number
  readonly fetch: (request: Request, address: string) => Response | Promise<Response>
  readonly store: Store | null
  readonly description: string
  readonly tasks: ReadonlySet<Promise<unknown>>
}

/** Serves until SIGTERM or SIGINT; then it finishes what it has begun, and ends the process. */
export function listen(options: ListenOptions): void {
  const { name, env, fetch, store, description, tasks } = options
  const server = serve(
    {
      hostname: env.HOST?.trim() || '127.0.0.1',
      port: parseWhole(env, 'PORT', options.defaultPort, 65_535),
      fetch: (request, { incoming }) => fetch(request, String(incoming.socket.remoteAddress)),
      serverOptions: { keepAliveTimeout: KEEP_ALIVE_MILLISECONDS },
    },
    ({ family, address, port }) => {
      const host = family === 'IPv6' ? `[${address}]` : address
      console.log(`${name} ${packageJson.version} on http://${host}:${port}${description}`)
    },
  ) as Server
  server.once('error', ({ message }) => fail(new StartFault(`HOST, PORT: ${message}`)))

  let isEnding = false
  const end = async () => {
    if (isEnding) process.exit(1)
    isEnding = true
    setTimeout(() => process.exit(1), GRACE_MILLISECONDS)
    // A connection is kept alive for the next request, which shall not come any more.
    setInterval(() => server.closeIdleConnections(), 50)
    await new Promise((resolve) => server.close(resolve))
    // A task can begin another one, which comes last in the set.
    for (const task of tasks) await task
    await store?.close()
    process.exit(0)
  }
  process.on('SIGTERM', end).on('SIGINT', end)
}
