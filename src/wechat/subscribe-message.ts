/**
 * Subscribe messages: one message to a user who allowed it.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
 */

import type { SubscribeMessage } from '../http/schemas'
import { Problem } from '../problem'
import { type Answer, type ApiCall, isOk, refusal, unusable } from './api'

export function subscribeMessageCall(access_token: string, message: SubscribeMessage): ApiCall {
  const { openid, templateId, page, data, state, lang } = message
  const body = {
    touser: openid,
    template_id: templateId,
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }])),
    ...(page !== undefined && { page }),
    ...(state !== undefined && { miniprogram_state: state }),
    ...(lang !== undefined && { lang }),
  }
  return { path: '/cgi-bin/message/subscribe/send', query: { access_token }, body }
}

/** @throws {Problem} what the errcode stands for; for bad data, naming the field */
export function judgeSubscribeMessage(answer: Answer): void {
  if (isOk(answer)) return
  if (answer.errcode === 0) throw unusable('errcode is missing')
  const problem = refusal(answer, { api: 'message' })
  const field = fieldOf(answer.errmsg)
  if (problem.code !== 'message_data_invalid' || field === null) throw problem
  const errors = [{ path: `data.${field}`, message: 'WeChat refuses this value' }]
  throw new Problem(problem.code, { ...problem.options, errors })
}

/** WeChat names the field in words: `argument invalid! data.thing1.value invalid`. */
function fieldOf(errmsg: unknown): string | null {
  return typeof errmsg === 'string' ? (/\bdata\.(\w{1,64})/.exec(errmsg)?.[1] ?? null) : null
}
