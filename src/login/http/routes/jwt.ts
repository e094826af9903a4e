/**
 * JWT access tokens: `/session/access-token` for the mini program, and `/.well-known/jwks.json` for
 * whoever verifies one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517
 */

import { jsonResponse } from '../../../core/responses'
import { type App, authenticated, onlyWith } from '../context'
import { toJwtView } from '../views'

const TOKEN = '/session/access-token'
const KEYS = '/.well-known/jwks.json'

/** A key that is to be added has to be known everywhere before it signs. */
const CACHE = { 'Cache-Control': 'public, max-age=300' }

export function addJwtRoutes(app: App): void {
  const onlyWithKeys = onlyWith((service) => service.jwks())
  app.use(TOKEN, onlyWithKeys)
  app.use(KEYS, onlyWithKeys)
  app.post(TOKEN, authenticated, async (c) =>
    jsonResponse(c, toJwtView(await c.get('service').issueJwt(c.get('session')))),
  )
  app.get(KEYS, async (c) => jsonResponse(c, { keys: await c.get('service').jwks() }, CACHE))
}
