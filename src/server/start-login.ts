/** The login as a server: the same service and the same HTTP API as the Worker's. */

import { join } from 'node:path'
import { createHttpApp } from '../login/http/app'
import { redirectToDocs } from '../login/http/docs'
import { createService } from '../login/service'
import { installCrypto } from './crypto'
import { createFiles } from './files'
import { createLimiter } from './limits'
import { createTasks, listen } from './listen'
import { installPlatform } from './platform'
import { loadHooks, openStore, readEnvironment, toQueue, toSettingsFault } from './settings'
import { toNamespace } from './store'

/** Starts the server from the environment of the process. */
export async function start(): Promise<void> {
  installPlatform()
  installCrypto()
  const { HOOKS, ANALYTICS, ...variables } = readEnvironment()
  const { runtime, tasks } = createTasks()
  const service = createService(runtime, await loadHooks({ HOOKS }))
  const { store, description } = await openStore(variables)
  const env = {
    ...variables,
    SESSIONS: toNamespace(store),
    EVENTS: toQueue(variables, store),
    LOGIN_LIMIT: createLimiter(variables, 'LOGIN_LIMIT', store),
    USER_LIMIT: createLimiter(variables, 'USER_LIMIT', store),
  }
  await Promise.try(() => service(env).config).catch(toSettingsFault)
  const app = createHttpApp(service)
  const findFile = createFiles(join(import.meta.dirname, '../assets'))

  // All phones behind a proxy share one limit, unless a setting names the proxy's header.
  let isSilent = Boolean(variables.CLIENT_IP_HEADER?.trim())
  function warnOfProxy({ url, headers }: Request): void {
    if (isSilent || !headers.has('X-Forwarded-For') || new URL(url).pathname !== '/login') return
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
    fetch(request, address) {
      const page = redirectToDocs(service(env), request) ?? findFile(request)
      if (page) return page
      warnOfProxy(request)
      // The header that Cloudflare sets. What a client has sent in it is replaced.
      request.headers.set('CF-Connecting-IP', address)
      return app.fetch(request, env)
    },
  })
}
