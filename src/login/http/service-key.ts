/** Middleware for endpoints of backends, which authenticate with a service key. */

import { createMiddleware } from 'hono/factory'
import { checkClientCredentials, checkServiceKey } from '../../core/credentials'
import { requireServiceKeys } from '../config'
import { type AppEnv, onlyWith } from './context'

/** Without `SERVICE_KEYS` these paths do not exist, whatever the method. */
export const onlyWithServiceKeys = onlyWith(requireServiceKeys)

/** Refuses a request without one of the service keys as bearer token. */
export const forBackends = createMiddleware<AppEnv>(async function forBackends(c, next) {
  const keys = requireServiceKeys(c.var.service.config)
  await checkServiceKey(keys, c.req.header('Authorization'))
  await next()
})

/** Refuses a request without one of the service keys as bearer token or password of HTTP Basic. */
export const forOAuthClients = createMiddleware<AppEnv>(async function forOAuthClients(c, next) {
  const keys = requireServiceKeys(c.var.service.config)
  await checkClientCredentials(keys, c.req.header('Authorization'))
  await next()
})
