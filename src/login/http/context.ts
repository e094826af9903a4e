/** What the routes find in their context, and the middleware that puts it there. */

import type { Context } from 'hono'
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

/**
 * The live session of a request's bearer token.
 *
 * @throws {Problem} `session_required`, `session_invalid`, `store_unavailable`
 */
export async function authenticateRequest(c: Context, service: Service): Promise<Session> {
  return service.authenticate(requireBearerToken(c.req.header('Authorization')))
}

/** The context of routes that {@link authenticated} guards. */
export type AuthenticatedEnv = AppEnv & { Variables: { session: Session } }

/** Puts the live session of the request's token in `c.get('session')`. */
export const authenticated = createMiddleware<AuthenticatedEnv>(
  async function authenticated(c, next) {
    const session = await authenticateRequest(c, c.get('service'))
    c.set('session', session)
    c.set('appid', session.appid)
    await next()
  },
)

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
