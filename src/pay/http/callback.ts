/** `POST /wechat/pay/events`: WeChat Pay's callback, whose responses have a form of their own. */

import type { Context } from 'hono'
import { readBytes } from '../../core/body'
import { withReason } from '../../core/log'
import { invalidRequest, Problem, RESPONSE_HEADERS, toProblem } from '../../core/problem'
import { emptyResponse } from '../../core/responses'
import type { PaymentAppEnv } from './context'

/** 204 once the Queue or the hook has accepted the event. Everything else makes WeChat Pay call again. */
export async function receiveCallback(c: Context<PaymentAppEnv>): Promise<Response> {
  try {
    const body = await readBytes(c.req.raw).catch(() => {
      throw invalidRequest('', 'was interrupted')
    })
    if (!body) throw new Problem('body_too_large')
    await c.get('service').receiveEvent({ headers: c.req.raw.headers, body })
    return emptyResponse(c)
  } catch (error) {
    const problem = withReason(toProblem(error))
    c.set('problem', problem)
    const { status } = problem.row
    return Response.json(
      { code: 'FAIL', message: problem.row.title },
      { status, headers: RESPONSE_HEADERS },
    )
  }
}
