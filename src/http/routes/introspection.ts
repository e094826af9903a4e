/** For the developer's own backends, which authenticate with a service key. */

import { createMiddleware } from 'hono/factory'
import { Hono } from 'hono/tiny'
import { Problem } from '../../problem'
import type { Core } from '../../service'
import { requireServiceKey } from '../bearer'
import { readFormBody, readJsonBody } from '../body'
import { type AppEnv, ipOf } from '../context'
import { countAgainst } from '../limits'
import { SubscribeMessageBody } from '../schemas'
import { introspectionView } from '../views'

export function serviceRoutes(core: Core): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  routes.use('/introspect', onlyWithKeys)
  routes.use('/subscribe-messages', onlyWithKeys)
  const forServices = createMiddleware<AppEnv>(async function forServices(c, next) {
    const { serviceKeys, guessLimit } = c.var.config
    await requireServiceKey(serviceKeys, c.req.header('Authorization'), () =>
      countAgainst(guessLimit, ipOf(c)),
    )
    await next()
  })

  /** @see https://www.rfc-editor.org/rfc/rfc7662 */
  routes.post('/introspect', forServices, async (c) => {
    const tokens = (await readFormBody(c.req.raw)).getAll('token')
    const [token = ''] = tokens
    if (tokens.length !== 1 || token === '') {
      const errors = [{ path: 'token', message: 'must be there once' }]
      throw new Problem('invalid_request', { errors })
    }
    const session = await core.sessionOf(c.var.config, token)
    return c.json(session ? introspectionView(session) : { active: false })
  })

  routes.post('/subscribe-messages', forServices, async (c) => {
    const message = await readJsonBody(c.req.raw, SubscribeMessageBody)
    await core.sendSubscribeMessage(c.var.config, message)
    return c.body(null, 204)
  })

  return routes
}

/** Without keys these paths are not there, whatever the method. */
const onlyWithKeys = createMiddleware<AppEnv>(async function onlyWithKeys(c, next) {
  if (!c.var.config.serviceKeys) throw new Problem('not_found')
  await next()
})
