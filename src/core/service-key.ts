/** Middleware for endpoints of backends, which authenticate with a service key. */

import type { Context, Env } from 'hono'
import { createMiddleware } from 'hono/factory'
import { checkServiceKey } from './credentials'

/**
 * Makes the middleware of an app.
 *
 * @param requireKeys The keys of a request's service. It throws where the endpoints are off.
 */
export function createServiceKeyGuards<AppEnv extends Env>(
  requireKeys: (c: Context<AppEnv>) => readonly string[] | Promise<readonly string[]>,
) {
  return {
    /** Without service keys these paths do not exist, whatever the method. */
    onlyWithServiceKeys: createMiddleware<AppEnv>(async function onlyWithServiceKeys(c, next) {
      await requireKeys(c)
      await next()
    }),
    /** Refuses a request without one of the service keys as bearer token. */
    forBackends: createMiddleware<AppEnv>(async function forBackends(c, next) {
      await checkServiceKey(await requireKeys(c), c.req.header('Authorization'))
      await next()
    }),
  }
}
