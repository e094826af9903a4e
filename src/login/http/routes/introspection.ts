/**
 * `POST /introspect`: lets a backend look up whose token this is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662
 */

import { jsonResponse } from '../../../core/responses'
import type { App } from '../context'
import { forOAuthClients } from '../oauth-client'
import { onlyWithServiceKeys } from '../service-key'
import { toIntrospectionView } from '../views'

export function addIntrospectionRoutes(app: App): void {
  app.use('/introspect', onlyWithServiceKeys)
  app.post('/introspect', forOAuthClients, async (c) => {
    const verified = await c.get('service').verifyToken(c.get('token'))
    return jsonResponse(c, verified ? toIntrospectionView(verified) : { active: false })
  })
}
