/** The HTTP API as a Hono app: JSON in, JSON or problem details out. */

import type { Context } from 'hono'
import { HonoBase } from 'hono/hono-base'
import type { Hono } from 'hono/tiny'
import { addFrame } from '../../core/frame'
import type { RequestRecord } from '../../core/log'
import { Problem } from '../../core/problem'
import { jsonResponse } from '../../core/responses'
import { MemoRouter } from '../../core/router'
import type { Config } from '../config'
import type { Hooks } from '../hooks'
import type { Service } from '../service'
import type { AppEnv } from './context'
import { addAuthorizationServerRoutes } from './routes/authorization-server'
import { addForwardAuthRoutes, FORWARD_AUTH } from './routes/forward-auth'
import { addIntrospectionRoutes } from './routes/introspection'
import { addJwtRoutes } from './routes/jwt'
import { addLoginRoutes } from './routes/login'
import { addOpenDataRoutes } from './routes/open-data'
import { addPassThroughRoutes, PASS_THROUGH } from './routes/pass-through'
import { addPhoneNumberRoutes } from './routes/phone-number'
import { addPushRoutes } from './routes/push'
import { addRevocationRoutes } from './routes/revocation'
import { addSessionKeyRoutes } from './routes/session-key'
import { addSessionRoutes } from './routes/sessions'
import { addSubscribeMessageRoutes } from './routes/subscribe-messages'

/**
 * What `createApp` takes.
 *
 * @example
 * const options: AppOptions = { service: createService(workersRuntime) }
 */
export interface AppOptions {
  /** What is behind the app; by default a service of its own in the runtime of the platform. */
  readonly service?: (env: object) => Service
  /** Hooks in the same Worker, for the service that is made by default. */
  readonly hooks?: Hooks
}

/** Makes the HTTP API of a service. */
export function createHttpApp(service: (env: object) => Service) {
  const app: Hono<AppEnv> = new HonoBase({ router: new MemoRouter() })

  addFrame(app, {
    service,
    notFound: () => new Problem('not_found'),
    // What goes through to WeChat has rules of its own, and what a gateway asks about is not ours.
    wildcards: [PASS_THROUGH, FORWARD_AUTH],
    onRecord: (c: Context<AppEnv>, record) => {
      const analytics = c.get('config')?.analytics
      if (analytics) writeDataPoint(c.get('service'), analytics, record)
    },
  })
  app.get('/health', (c) => jsonResponse(c, { status: 'ok' }))

  app.use(async function settings(c, next) {
    c.set('config', c.get('service').config)
    await next()
  })
  addLoginRoutes(app)
  addSessionRoutes(app)
  addJwtRoutes(app)
  addSessionKeyRoutes(app)
  addOpenDataRoutes(app)
  addPhoneNumberRoutes(app)
  addForwardAuthRoutes(app)
  addIntrospectionRoutes(app)
  addRevocationRoutes(app)
  addAuthorizationServerRoutes(app)
  addSubscribeMessageRoutes(app)
  addPassThroughRoutes(app)
  addPushRoutes(app)
  return app
}

/** `blob1` to `blob4` are method, route, code, appid; `double1`, `double2` are status, milliseconds. */
function writeDataPoint(
  service: Service,
  analytics: NonNullable<Config['analytics']>,
  { method, route, status, ms, appid = '', problem }: RequestRecord,
): void {
  try {
    analytics.writeDataPoint({
      indexes: [route],
      blobs: [method, route, problem?.code ?? '', appid],
      doubles: [status, ms],
    })
  } catch {
    // A login has its session by now.
    service.log({ level: 'warn', reason: 'a data point could not be written to ANALYTICS' })
  }
}
