/** `POST /subscribe-messages`: for backends, sends one subscribe message. */

import { Hono } from 'hono/tiny'
import { answerEmpty } from '../answers'
import { readJsonBody } from '../body'
import type { AppEnv } from '../context'
import { SubscribeMessageBody } from '../schemas'
import { forBackends, onlyWithServiceKeys } from '../service-key'

export const subscribeMessageRoutes = new Hono<AppEnv>()
  .use('/subscribe-messages', onlyWithServiceKeys)
  .post('/subscribe-messages', forBackends, async (c) => {
    const message = await readJsonBody(c.req.raw, SubscribeMessageBody)
    await c.var.service.sendSubscribeMessage(message)
    return answerEmpty(c)
  })
