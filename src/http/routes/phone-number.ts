/** `POST /phone-number`: the number behind the phone button. */

import { Hono } from 'hono/tiny'
import { answer } from '../answers'
import { readJsonBody } from '../body'
import { type AppEnv, authenticated } from '../context'
import { limitedPerUser } from '../limits'
import { PhoneNumberBody } from '../schemas'

export const phoneNumberRoutes = new Hono<AppEnv>().post(
  '/phone-number',
  authenticated,
  limitedPerUser,
  async (c) => {
    const request = await readJsonBody(c.req.raw, PhoneNumberBody)
    return answer(c, await c.var.service.phoneNumber(c.var.session, request))
  },
)
