/** Payments as a server: a process of its own, as the merchant's key must not lie beside the logins. */

import { createHttpApp } from '../pay/http/app'
import { createPayments } from '../pay/payments'
import { createTasks, listen } from './listen'
import { findLogin } from './login-over-http'
import { installPlatform } from './platform'
import { loadHooks, openStore, readEnvironment, toQueue, toSettingsFault } from './settings'

/** Starts the server from the environment of the process. */
export async function start(): Promise<void> {
  installPlatform()
  const { HOOKS, ...variables } = readEnvironment()
  const { runtime, tasks } = createTasks()
  const payments = createPayments(runtime, await loadHooks({ HOOKS }))
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
