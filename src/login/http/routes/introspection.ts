/**
 * `POST /introspect`: lets a backend look up whose token this is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662
 */

import { readTokenForm } from '../../../core/body'
import { jsonResponse } from '../../../core/responses'
import type { App } from '../context'
import { forOAuthClients, onlyWithServiceKeys } from '../service-key'
import { toIntrospectionView } from '../views'

export function addIntrospectionRoutes(app: App): void {
  app.use('/introspect', onlyWithServiceKeys)
  app.post('/introspect', forOAuthClients, async (c) => {
    const session = await c.var.service.findSession(await readTokenForm(c.req.raw))
    return jsonResponse(c, session ? toIntrospectionView(session) : { active: false })
  })
}
