/** Payments as a server: a process of its own, as the merchant's key must not lie beside the logins. */

import { isBaseUrl } from '../core/settings'
import type { PaymentHooks } from '../pay/events'
import { createHttpApp } from '../pay/http/app'
import { createPayments } from '../pay/payments'
import { StartFault } from './fault'
import { createTasks, fail, listen } from './listen'
import { createLoginBinding } from './login-over-http'
import { installPlatform } from './platform'
import {
  type Environment,
  loadHooks,
  openStore,
  readEnvironment,
  toQueue,
  toSettingsFault,
} from './settings'

/** Starts the server from the environment of the process. */
export async function startPayments(): Promise<void> {
  installPlatform()
  await start().catch(fail)
}

async function start(): Promise<void> {
  const { HOOKS, ...variables } = readEnvironment()
  const hooks: PaymentHooks | null = await loadHooks({ HOOKS })
  const { runtime, tasks } = createTasks()
  const payments = createPayments(runtime, hooks ? { hooks } : {})
  // Payments keep nothing; only a stream of events needs Redis.
  const opened = variables.EVENTS?.trim() ? await openStore(variables) : null
  const EVENTS = toQueue(variables, opened?.redis ?? null)
  const env = { ...variables, EVENTS, LOGIN: findLogin(variables) }
  await payments(env).config().catch(toSettingsFault)
  const app = createHttpApp(payments)
  listen({
    name: 'code2session-pay',
    env: variables,
    defaultPort: 8788,
    description: opened ? `, events in ${opened.description}` : '',
    store: opened?.store ?? null,
    tasks,
    fetch: (request) => app.fetch(request, env),
  })
}

/** The login server; `undefined` if no payment names a token. */
function findLogin({ LOGIN_URL, LOGIN_SERVICE_KEY }: Environment) {
  const [url, key] = [LOGIN_URL?.trim(), LOGIN_SERVICE_KEY?.trim()]
  if (!url && !key) return undefined
  if (url && key && isBaseUrl(url)) return createLoginBinding(url.replace(/\/+$/, ''), key)
  throw new StartFault(
    'LOGIN_URL must be an https URL, or http on a loopback host, with LOGIN_SERVICE_KEY beside it',
  )
}
