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
  const { store, description } = variables.EVENTS?.trim()
    ? await openStore(variables)
    : { store: null, description: '' }
  const env = { ...variables, EVENTS: toQueue(variables, store), LOGIN: findLogin(variables) }
  await payments(env).config().catch(toSettingsFault)
  const app = createHttpApp(payments)
  listen({
    name: 'code2session-pay',
    env: variables,
    defaultPort: 8788,
    description: description && `, events in ${description}`,
    store,
    tasks,
    fetch: (request) => app.fetch(request, env),
  })
}
