/**
 * `POST /introspect`: for backends, whose token this is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662
 */

import { Hono } from 'hono/tiny'
import { answer } from '../answers'
import { readTokenForm } from '../body'
import type { AppEnv } from '../context'
import { forOAuthClients, onlyWithServiceKeys } from '../service-key'
import { toIntrospectionView } from '../views'

export const introspectionRoutes = new Hono<AppEnv>()
  .use('/introspect', onlyWithServiceKeys)
  .post('/introspect', forOAuthClients, async (c) => {
    const session = await c.var.service.findSession(await readTokenForm(c.req.raw))
    return answer(c, session ? toIntrospectionView(session) : { active: false })
  })
