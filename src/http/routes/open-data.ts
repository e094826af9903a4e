/** What a session_key is for: signed and encrypted data, phone numbers, and whether it is current. */

import { Hono } from 'hono/tiny'
import type { Core } from '../../service'
import { readJsonBody } from '../body'
import { type AppEnv, authenticate } from '../context'
import { DecryptBody, PhoneNumberBody, VerifyBody } from '../schemas'
import { iso } from '../views'

export function openDataRoutes(core: Core): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  const authenticated = authenticate(core)

  routes.post('/open-data/verify', authenticated, async (c) => {
    const body = await readJsonBody(c.req.raw, VerifyBody)
    return c.json({ data: await core.verifyData(c.var.session, body) })
  })

  routes.post('/open-data/decrypt', authenticated, async (c) => {
    const body = await readJsonBody(c.req.raw, DecryptBody)
    const { data, timestamp } = await core.decrypt(c.var.config, c.var.session, body)
    return c.json({ data, timestamp: iso(timestamp) })
  })

  routes.post('/phone-number', authenticated, async (c) => {
    const body = await readJsonBody(c.req.raw, PhoneNumberBody)
    return c.json(await core.phoneNumber(c.var.config, c.var.session, body))
  })

  routes.post('/session/check', authenticated, async (c) =>
    c.json({ valid: await core.checkSessionKey(c.var.config, c.var.session) }),
  )

  return routes
}
