/** The login as a server: the same service and the same HTTP API as the Worker's. */

import { join } from 'node:path'
import { Problem } from '../core/problem'
import type { Hooks } from '../login/hooks'
import { createHttpApp } from '../login/http/app'
import { redirectToDocs } from '../login/http/docs'
import { createService } from '../login/service'
import { StartFault } from './fault'
import { createFiles } from './files'
import { createLimiter } from './limits'
import { createTasks, fail, listen } from './listen'
import { installPlatform } from './platform'
import {
  type Environment,
  loadHooks,
  openStore,
  parseAddress,
  parseLimit,
  readEnvironment,
  toQueue,
} from './settings'
import { toNamespace } from './store'

/** Starts the server from the environment of the process. */
export async function startLogin(): Promise<void> {
  try {
    installPlatform()
    await start(readEnvironment())
  } catch (error) {
    fail(error)
  }
}

async function start(variables: Environment): Promise<void> {
  const address = parseAddress(variables, 8787)
  const limits = {
    LOGIN_LIMIT: parseLimit(variables, 'LOGIN_LIMIT', 1000),
    USER_LIMIT: parseLimit(variables, 'USER_LIMIT', 120),
  }
  const hooks: Hooks | null = await loadHooks(variables)
  const { runtime, tasks } = createTasks()
  const service = createService(runtime, hooks ? { hooks } : {})
  const { store, redis, description } = await openStore(variables)
  const { HOOKS: _, ANALYTICS: __, EVENTS: ___, ...texts } = variables
  const events = toQueue(variables, redis)
  const env = {
    ...texts,
    SESSIONS: toNamespace(store),
    EVENTS: events ?? undefined,
    LOGIN_LIMIT: createLimiter('login', limits.LOGIN_LIMIT, redis) ?? undefined,
    USER_LIMIT: createLimiter('user', limits.USER_LIMIT, redis) ?? undefined,
  }
  requireSettings(() => service(env).config)
  const app = createHttpApp(service)
  const findFile = createFiles(join(import.meta.dirname, '../assets'))
  const warnOfProxy = createProxyWarning(variables, (reason) =>
    runtime.log({ level: 'warn', reason }),
  )

  listen({
    ...address,
    name: 'code2session',
    description: `, store ${description}`,
    store,
    tasks,
    fetch: (request, peer) => {
      const page = redirectToDocs(service(env), request) ?? findFile(request)
      if (page) return page
      warnOfProxy(request)
      // The header that Cloudflare sets, and nobody else can.
      request.headers.set('CF-Connecting-IP', peer)
      return app.fetch(request, env)
    },
  })
}

/** @throws {StartFault} with every setting that is wrong */
export function requireSettings(parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new StartFault((error.options.log?.settings ?? []).join('; '))
  }
}

/** All phones behind a proxy share one limit, unless a setting names the proxy's header. */
function createProxyWarning({ CLIENT_IP_HEADER }: Environment, warn: (reason: string) => void) {
  let hasWarned = Boolean(CLIENT_IP_HEADER?.trim())
  return ({ method, url, headers }: Request) => {
    if (hasWarned || method !== 'POST' || !headers.has('X-Forwarded-For')) return
    if (!new URL(url).pathname.endsWith('/login')) return
    hasWarned = true
    warn('a login came through a proxy, so all phones share one LOGIN_LIMIT; set CLIENT_IP_HEADER')
  }
}
