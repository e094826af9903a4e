/**
 * `/revoke` and `/users/:userId/sessions`: for backends, the end of one session or of all.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009
 */

import { emptyResponse, jsonResponse } from '../../../core/responses'
import { parse } from '../../../core/schemas'
import { RevokeUserBody } from '../bodies'
import type { App } from '../context'
import { forOAuthClients } from '../oauth-client'
import { forBackends, onlyWithServiceKeys } from '../service-key'

export function addRevocationRoutes(app: App): void {
  app.use('/revoke', onlyWithServiceKeys)
  app.use('/users/:userId/sessions', onlyWithServiceKeys)
  app.post('/revoke', forOAuthClients, async (c) => {
    await c.get('service').revoke(c.get('token'))
    // RFC 7009 lets clients ignore the body, and some parse it all the same.
    return jsonResponse(c, {})
  })
  app.delete('/users/:userId/sessions', forBackends, async (c) => {
    const user = parse(RevokeUserBody, { userId: c.req.param('userId') })
    await c.get('service').endAllSessions(user)
    return emptyResponse(c)
  })
}
