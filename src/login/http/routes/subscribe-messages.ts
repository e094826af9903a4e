/** `POST /subscribe-messages`: for backends, sends one subscribe message. */

import { readJsonBody } from '../../../core/body'
import { emptyResponse } from '../../../core/responses'
import { SubscribeMessageBody } from '../bodies'
import type { App } from '../context'
import { forBackends, onlyWithServiceKeys } from '../service-key'

export function addSubscribeMessageRoutes(app: App): void {
  app.use('/subscribe-messages', onlyWithServiceKeys)
  app.post('/subscribe-messages', forBackends, async (c) => {
    const message = await readJsonBody(c.req.raw, SubscribeMessageBody)
    await c.get('service').sendSubscribeMessage(message)
    return emptyResponse(c)
  })
}
