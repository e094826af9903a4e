/**
 * `/forward-auth`: lets a gateway in front of a backend look up whose token a request has. The
 * response says it in its headers, the only part that gateways hand on.
 */

import { createMiddleware } from 'hono/factory'
import { isServiceKey, requireBearerToken } from '../../../core/credentials'
import { Problem, RESPONSE_HEADERS } from '../../../core/problem'
import { requireGatewayKeys } from '../../config'
import type { App, AppEnv } from '../context'
import { toUserHeaders } from '../views'

/** The path itself and all below it, which is where Envoy puts the path that it asks about. */
export const FORWARD_AUTH = '/forward-auth/*'

export function addForwardAuthRoutes(app: App): void {
  app.all(FORWARD_AUTH, forGateways, async (c) => {
    const token = requireBearerToken(c.req.header('Authorization'))
    const verified = await c.get('service').verifyToken(token)
    if (!verified) throw new Problem('session_invalid')
    c.set('appid', verified.session.appid)
    return c.body(null, 200, { ...RESPONSE_HEADERS, ...toUserHeaders(verified.session) })
  })
}

/** Refuses a gateway without a key with 403, since on a 401 the phone would log in for ever. */
const forGateways = createMiddleware<AppEnv>(async function forGateways(c, next) {
  const keys = requireGatewayKeys(c.get('service').config)
  const isGateway = await isServiceKey(keys, c.req.header('X-Service-Key') ?? '')
  if (!isGateway) throw new Problem('gateway_key_invalid')
  await next()
})
