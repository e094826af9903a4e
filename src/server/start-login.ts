/** The login as a server: the same service and the same HTTP API as the Worker's. */

import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { getPath } from 'hono/utils/url'
import type { Hooks } from '../login/hooks'
import { createHttpApp } from '../login/http/app'
import { redirectToDocs } from '../login/http/docs'
import { createService } from '../login/service'
import { installCrypto } from './crypto'
import { createFiles } from './files'
import { createLimiter } from './limits'
import { createTasks, fail, listen } from './listen'
import { installPlatform } from './platform'
import {
  loadHooks,
  openStore,
  parseWhole,
  readEnvironment,
  toQueue,
  toSettingsFault,
} from './settings'
import { toNamespace } from './store'

/** Starts the server from the environment of the process. */
export async function startLogin(): Promise<void> {
  installPlatform()
  installCrypto()
  await start().catch(fail)
}

async function start(): Promise<void> {
  const { HOOKS, ANALYTICS, ...variables } = readEnvironment()
  const hooks: Hooks | null = await loadHooks({ HOOKS })
  const { runtime, tasks } = createTasks()
  const service = createService(runtime, hooks ? { hooks } : {})
  const loginLimit = parseWhole(variables, 'LOGIN_LIMIT', 1000)
  const userLimit = parseWhole(variables, 'USER_LIMIT', 120)
  const { store, redis, description } = await openStore(variables)
  const env = {
    ...variables,
    SESSIONS: toNamespace(store),
    EVENTS: toQueue(variables, redis),
    LOGIN_LIMIT: createLimiter('login', loginLimit, redis),
    USER_LIMIT: createLimiter('user', userLimit, redis),
  }
  await Promise.try(() => service(env).config).catch(toSettingsFault)
  const app = createHttpApp(service)
  const findFile = createFiles(join(import.meta.dirname, '../assets'))

  // All phones behind a proxy share one limit, unless a setting names the proxy's header.
  let isSilent = Boolean(variables.CLIENT_IP_HEADER?.trim())
  function warnOfProxy(request: Request): void {
    if (isSilent || request.method !== 'POST' || !getPath(request).endsWith('/login')) return
    if (!request.headers.has('X-Forwarded-For')) return
    isSilent = true
    const reason = 'a proxy forwards logins, which share one limit; set CLIENT_IP_HEADER'
    runtime.log({ level: 'warn', reason })
  }

  listen({
    name: 'code2session',
    env: variables,
    defaultPort: 8787,
    description: `, store ${description}`,
    store,
    tasks,
    fetch(request, incoming) {
      const page = redirectToDocs(service(env), request) ?? findFile(request)
      if (page) return page
      warnOfProxy(request)
      setAddress(incoming)
      return app.fetch(request, env)
    },
  })
}

/**
 * Sets the header that Cloudflare sets, and replaces what a client has sent in it. This happens where
 * the request takes its headers from: to set one of its own, it would first copy all of them.
 */
function setAddress(incoming: IncomingMessage): void {
  const { headers, rawHeaders, socket } = incoming
  const [name, address] = ['cf-connecting-ip', socket.remoteAddress ?? '']
  const isOther = (_: string, index: number) => rawHeaders[index & ~1]?.toLowerCase() !== name
  incoming.rawHeaders = [...rawHeaders.filter(isOther), name, address]
  headers[name] = address
}
