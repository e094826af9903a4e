/** `/session/check` and `/session/reset`: whether the session_key is current, and a new one. */

import { Hono } from 'hono/tiny'
import { type AppEnv, authenticated } from '../context'
import { limitedPerUser } from '../limits'
import { toLoginView } from '../views'

export const sessionKeyRoutes = new Hono<AppEnv>()
  .post('/session/check', authenticated, limitedPerUser, async (c) =>
    c.json({ valid: await c.var.service.checkSessionKey(c.var.session) }),
  )
  .post('/session/reset', authenticated, limitedPerUser, async (c) =>
    c.json(toLoginView(await c.var.service.resetSessionKey(c.var.session))),
  )
