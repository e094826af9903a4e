/** The caller's session, and all the others of the same user. */

import { Hono } from 'hono/tiny'
import { Problem } from '../../problem'
import type { Core } from '../../service'
import { endAllSessions, endSession, endSessionById, listSessions } from '../../sessions'
import { type AppEnv, authenticate } from '../context'
import { ownSessionView, sessionView } from '../views'

export function sessionRoutes(core: Core): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  const authenticated = authenticate(core)

  routes.get('/session', authenticated, (c) => c.json(ownSessionView(c.var.session)))

  routes.delete('/session', authenticated, async (c) => {
    await endSession(c.var.config, c.var.session)
    return c.body(null, 204)
  })

  routes.get('/sessions', authenticated, async (c) => {
    const { session, config } = c.var
    const now = core.deps.now()
    const listed = await listSessions(config, { userId: session.userId, now })
    // A list lags behind a login; the session that asks exists all the same.
    const all = listed.some(({ id }) => id === session.id) ? listed : [session, ...listed]
    return c.json({ sessions: all.map((summary) => sessionView(summary, session.id)) })
  })

  routes.delete('/sessions', authenticated, async (c) => {
    const { userId, id } = c.var.session
    await endAllSessions(c.var.config, { userId, lastId: id })
    return c.body(null, 204)
  })

  routes.delete('/sessions/:id', authenticated, async (c) => {
    const { config, session } = c.var
    const [{ userId }, id, now] = [session, c.req.param('id'), core.deps.now()]
    if (!(await endSessionById(config, { userId, id, now }))) {
      throw new Problem('not_found', { detail: 'You have no session with this id.' })
    }
    return c.body(null, 204)
  })

  return routes
}
