/**
 * `/revoke` and `/users/:userId/sessions`: for backends, the end of one session or of all.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009
 */

import { Hono } from 'hono/tiny'
import { answerEmpty } from '../answers'
import { readTokenForm } from '../body'
import type { AppEnv } from '../context'
import { parse, RevokeUserBody } from '../schemas'
import { forBackends, forOAuthClients, onlyWithServiceKeys } from '../service-key'

export const revocationRoutes = new Hono<AppEnv>()
  .use('/revoke', onlyWithServiceKeys)
  .use('/users/:userId/sessions', onlyWithServiceKeys)
  .post('/revoke', forOAuthClients, async (c) => {
    await c.var.service.revoke(await readTokenForm(c.req.raw))
    return answerEmpty(c, 200)
  })
  .delete('/users/:userId/sessions', forBackends, async (c) => {
    const user = parse(RevokeUserBody, { userId: c.req.param('userId') })
    await c.var.service.endAllSessions(user)
    return answerEmpty(c)
  })
