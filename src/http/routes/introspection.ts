/**
 * `POST /introspect`: for backends, whose token this is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662
 */

import { Hono } from 'hono/tiny'
import { invalidRequest } from '../../problem'
import { readFormBody } from '../body'
import type { AppEnv } from '../context'
import { forOAuthClients, onlyWithServiceKeys } from '../service-key'
import { toIntrospectionView } from '../views'

export const introspectionRoutes = new Hono<AppEnv>()
  .use('/introspect', onlyWithServiceKeys)
  .post('/introspect', forOAuthClients, async (c) => {
    const tokens = (await readFormBody(c.req.raw)).getAll('token')
    const [token = ''] = tokens
    if (tokens.length !== 1 || token === '') {
      throw invalidRequest('token', 'must appear exactly once')
    }
    const session = await c.var.service.findSession(token)
    return c.json(session ? toIntrospectionView(session) : { active: false })
  })
