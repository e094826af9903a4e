/** What the routes find in their context, and the middleware that puts it there. */

import { createMiddleware } from 'hono/factory'
import type { Hono } from 'hono/tiny'
import { requireBearerToken } from '../../core/credentials'
import type { FrameEnv } from '../../core/frame'
import type { Config } from '../config'
import type { Service } from '../service'
import type { Session } from '../sessions'

export type AppEnv = FrameEnv<Service> & {
  Variables: {
    /** The settings; absent on `/health`, and where they are wrong. */
    config?: Config
    /** The live session, on routes that {@link authenticated} guards. */
    session?: Session
  }
}

/** The one app that all routes are added to. An app for each file would take time at every start. */
export type App = Hono<AppEnv>

/** The context of routes that {@link authenticated} guards. */
export type AuthenticatedEnv = AppEnv & { Variables: { session: Session } }

/** Puts the live session of the request's token in `c.get('session')`. */
export const authenticated = authenticatedBy('authenticate')

/** Likewise for what ends sessions and does nothing else: any mini program will do. */
export const authenticatedToEnd = authenticatedBy('authenticateToEnd')

function authenticatedBy(method: 'authenticate' | 'authenticateToEnd') {
  return createMiddleware<AuthenticatedEnv>(async function authenticated(c, next) {
    const token = requireBearerToken(c.req.header('Authorization'))
    const session = await c.get('service')[method](token)
    c.set('session', session)
    c.set('appid', session.appid)
    await next()
  })
}

/**
 * Responds as if the path did not exist, whatever the method, unless a setting turns it on.
 *
 * @param requireSetting Throws if the setting is absent
 */
export function onlyWith(requireSetting: (service: Service) => unknown) {
  return createMiddleware<AppEnv>(async function onlyWith(c, next) {
    await requireSetting(c.get('service'))
    await next()
  })
}
