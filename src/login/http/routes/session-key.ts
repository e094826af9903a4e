/**
 * What is done with a session_key: `/session/check` and `/session/reset` for the phone, and
 * `/session-key/sign` and `/session-key/encryption-keys` for backends.
 */

import { readJsonBody } from '../../../core/body'
import { BEARER_CHALLENGE } from '../../../core/errors'
import { Problem } from '../../../core/problem'
import { jsonResponse } from '../../../core/responses'
import type { Service } from '../../service'
import type { Session } from '../../sessions'
import { SignBody, TokenBody } from '../bodies'
import { type App, authenticated } from '../context'
import { limitedPerUser } from '../limits'
import { forBackends, onlyWithServiceKeys } from '../service-key'
import { toLoginView } from '../views'

export function addSessionKeyRoutes(app: App): void {
  app.post('/session/check', authenticated, limitedPerUser, async (c) =>
    jsonResponse(c, { valid: await c.get('service').checkSessionKey(c.get('session')) }),
  )
  app.post('/session/reset', authenticated, limitedPerUser, async (c) =>
    jsonResponse(c, toLoginView(await c.get('service').resetSessionKey(c.get('session')))),
  )
  app.use('/session-key/*', onlyWithServiceKeys)
  app.post('/session-key/sign', forBackends, async (c) => {
    const { token, text } = await readJsonBody(c.req.raw, SignBody)
    const session = await authenticateBody(c.get('service'), token)
    return jsonResponse(c, { signature: await c.get('service').sign(session, text) })
  })
  app.post('/session-key/encryption-keys', forBackends, async (c) => {
    const { token } = await readJsonBody(c.req.raw, TokenBody)
    const session = await authenticateBody(c.get('service'), token)
    return jsonResponse(c, { keys: await c.get('service').encryptionKeys(session) })
  })
}

/**
 * The live session of a token in the body. The challenge names no error, since the credential of
 * the request, the service key, was good.
 */
async function authenticateBody(service: Service, token: string): Promise<Session> {
  try {
    return await service.authenticate(token)
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'session_invalid') throw error
    throw error.with({ headers: { 'WWW-Authenticate': BEARER_CHALLENGE } })
  }
}
