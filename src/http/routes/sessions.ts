/** `/session` and `/sessions`: the caller's session, and all others of the same user. */

import { Hono } from 'hono/tiny'
import { type AppEnv, authenticated } from '../context'
import { limitedPerUser } from '../limits'
import { toOwnSessionView, toSessionView } from '../views'

export const sessionRoutes = new Hono<AppEnv>()
  .get('/session', authenticated, (c) => c.json(toOwnSessionView(c.var.session)))
  .delete('/session', authenticated, async (c) => {
    await c.var.service.endSession(c.var.session)
    return c.body(null, 204)
  })
  .get('/sessions', authenticated, limitedPerUser, async (c) => {
    const { service, session } = c.var
    const sessions = await service.listSessions(session)
    return c.json({ sessions: sessions.map((summary) => toSessionView(summary, session.id)) })
  })
  .delete('/sessions', authenticated, async (c) => {
    const { userId, id } = c.var.session
    await c.var.service.endAllSessions({ userId, lastId: id })
    return c.body(null, 204)
  })
  .delete('/sessions/:id', authenticated, async (c) => {
    await c.var.service.endSessionById(c.var.session, c.req.param('id'))
    return c.body(null, 204)
  })
