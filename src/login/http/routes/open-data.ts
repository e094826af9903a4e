/** `/open-data`: signed data to verify, encrypted data to open. */

import { readJsonBody } from '../../../core/body'
import { jsonResponse } from '../../../core/responses'
import { DecryptBody, VerifyBody } from '../bodies'
import { type App, authenticated } from '../context'
import { toDecryptedView } from '../views'

export function addOpenDataRoutes(app: App): void {
  app.post('/open-data/verify', authenticated, async (c) => {
    const signed = await readJsonBody(c.req.raw, VerifyBody)
    return jsonResponse(c, { data: await c.get('service').verifyData(c.get('session'), signed) })
  })
  app.post('/open-data/decrypt', authenticated, async (c) => {
    const request = await readJsonBody(c.req.raw, DecryptBody)
    return jsonResponse(
      c,
      toDecryptedView(await c.get('service').decryptData(c.get('session'), request)),
    )
  })
}
