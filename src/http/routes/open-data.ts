/** `/open-data`: signed data to verify, encrypted data to open. */

import { Hono } from 'hono/tiny'
import { answer } from '../answers'
import { readJsonBody } from '../body'
import { type AppEnv, authenticated } from '../context'
import { DecryptBody, VerifyBody } from '../schemas'
import { toDecryptedView } from '../views'

export const openDataRoutes = new Hono<AppEnv>()
  .post('/open-data/verify', authenticated, async (c) => {
    const signed = await readJsonBody(c.req.raw, VerifyBody)
    return answer(c, { data: await c.var.service.verifyData(c.var.session, signed) })
  })
  .post('/open-data/decrypt', authenticated, async (c) => {
    const request = await readJsonBody(c.req.raw, DecryptBody)
    return answer(c, toDecryptedView(await c.var.service.decryptData(c.var.session, request)))
  })
