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
  parseAddress,
  readEnvironment,
  toQueue,
} from './settings'
import { requireSettings } from './start-login'

/** Starts the server from the environment of the process. */
export async function startPayments(): Promise<void> {
  try {
    installPlatform()
    await start(readEnvironment())
  } catch (error) {
    fail(error)
  }
}

async function start(variables: Environment): Promise<void> {
  const address = parseAddress(variables, 8788)
  const hooks: PaymentHooks | null = await loadHooks(variables)
  const { runtime, tasks } = createTasks()
  const payments = createPayments(runtime, hooks ? { hooks } : {})
  // Payments keep nothing; only a stream of events needs Redis.
  const opened = variables.EVENTS?.trim() ? await openStore(variables) : null
  const events = toQueue(variables, opened?.redis ?? null)
  const { HOOKS: _, EVENTS: __, LOGIN: ___, ...texts } = variables
  const env = { ...texts, EVENTS: events ?? undefined, LOGIN: findLogin(variables) ?? undefined }
  const settings = await payments(env)
    .config()
    .catch((error: unknown) => error)
  requireSettings(() => {
    if (settings instanceof Error) throw settings
  })
  const app = createHttpApp(payments)
  listen({
    ...address,
    name: 'code2session-pay',
    description: opened ? `, events in ${opened.description}` : '',
    store: opened?.store ?? null,
    tasks,
    fetch: (request) => app.fetch(request, env),
  })
}

/** The login server; `null` if no payment names a token. */
function findLogin({ LOGIN_URL, LOGIN_SERVICE_KEY }: Environment) {
  const [url, key] = [LOGIN_URL?.trim(), LOGIN_SERVICE_KEY?.trim()]
  if (!url && !key) return null
  if (!url || !key) throw new StartFault('LOGIN_URL and LOGIN_SERVICE_KEY must be set together')
  if (!isBaseUrl(url))
    throw new StartFault('LOGIN_URL must be an https URL, or http on a loopback host')
  return createLoginBinding(url, key)
}
