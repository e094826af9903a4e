/** `POST /phone-number`: the number behind the phone button. */

import { readJsonBody } from '../../../core/body'
import { jsonResponse } from '../../../core/responses'
import { PhoneNumberBody } from '../bodies'
import { type App, authenticated } from '../context'
import { limitedPerUser } from '../limits'

export function addPhoneNumberRoutes(app: App): void {
  app.post('/phone-number', authenticated, limitedPerUser, async (c) => {
    const request = await readJsonBody(c.req.raw, PhoneNumberBody)
    return jsonResponse(c, await c.get('service').phoneNumber(c.get('session'), request))
  })
}
