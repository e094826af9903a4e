/**
 * `/revoke` and `/users/:userId/sessions`: for backends, the end of one session or of all.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009
 */

import { readTokenForm } from '../../../core/body'
import { emptyResponse } from '../../../core/responses'
import { parse } from '../../../core/schemas'
import { RevokeUserBody } from '../bodies'
import type { App } from '../context'
import { forBackends, forOAuthClients, onlyWithServiceKeys } from '../service-key'

export function addRevocationRoutes(app: App): void {
  app.use('/revoke', onlyWithServiceKeys)
  app.use('/users/:userId/sessions', onlyWithServiceKeys)
  app.post('/revoke', forOAuthClients, async (c) => {
    await c.var.service.revoke(await readTokenForm(c.req.raw))
    return emptyResponse(c, 200)
  })
  app.delete('/users/:userId/sessions', forBackends, async (c) => {
    const user = parse(RevokeUserBody, { userId: c.req.param('userId') })
    await c.var.service.endAllSessions(user)
    return emptyResponse(c)
  })
}
