/** `/session` and `/sessions`: the caller's session, and all others of the same user. */

import { emptyResponse, jsonResponse } from '../../../core/responses'
import { type App, authenticated, authenticatedToEnd } from '../context'
import { limitedPerSession, limitedPerUser } from '../limits'
import { toOwnSessionView, toSessionView } from '../views'

export function addSessionRoutes(app: App): void {
  app.get('/session', authenticated, (c) => jsonResponse(c, toOwnSessionView(c.get('session'))))
  app.delete('/session', authenticatedToEnd, limitedPerSession, async (c) => {
    await c.get('service').endSession(c.get('session'))
    return emptyResponse(c)
  })
  app.get('/sessions', authenticated, limitedPerUser, async (c) => {
    const [service, session] = [c.get('service'), c.get('session')]
    const sessions = await service.listSessions(session)
    return jsonResponse(c, {
      sessions: sessions.map((summary) => toSessionView(summary, session.id)),
    })
  })
  app.delete('/sessions', authenticatedToEnd, limitedPerSession, async (c) => {
    const { userId, id } = c.get('session')
    await c.get('service').endAllSessions({ userId, lastId: id })
    return emptyResponse(c)
  })
  app.delete('/sessions/:id', authenticatedToEnd, limitedPerSession, async (c) => {
    await c.get('service').endSessionById(c.get('session'), c.req.param('id'))
    return emptyResponse(c)
  })
}
