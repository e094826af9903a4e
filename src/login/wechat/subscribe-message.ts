/**
 * Subscribe messages: one message to a user who has allowed it.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
 */

import { badResponse, isOk, type WeChatRequest, type WeChatResponse, wechatError } from './api'

/**
 * A subscribe message, with this project's names for WeChat's fields.
 *
 * @example
 * await env.LOGIN.sendSubscribeMessage({ openid, templateId, data: { thing1: 'Your order' } })
 */
export interface SubscribeMessage {
  /** Needed where there are several mini programs. */
  readonly appid?: string | undefined
  readonly openid: string
  readonly templateId: string
  /** The page that opens on a tap. */
  readonly page?: string | undefined
  /** The template's fields, each with its text. */
  readonly data: Readonly<Record<string, string>>
  /** Which version of the mini program opens; `formal` by default. */
  readonly state?: 'developer' | 'trial' | 'formal' | undefined
  readonly lang?: 'zh_CN' | 'en_US' | 'zh_HK' | 'zh_TW' | undefined
}

export function subscribeMessageRequest(
  access_token: string,
  { openid, templateId, page, data, state, lang }: SubscribeMessage,
): WeChatRequest {
  const body = {
    touser: openid,
    template_id: templateId,
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }])),
    page,
    miniprogram_state: state,
    lang,
  }
  return { path: '/cgi-bin/message/subscribe/send', query: { access_token }, body }
}

/** @throws {Problem} what the errcode stands for; for bad data, with the field it names */
export function processSubscribeMessageResponse(response: WeChatResponse): void {
  if (isOk(response)) return
  if (response.errcode === 0) throw badResponse('errcode is missing')
  const problem = wechatError(response, 'subscribe_message')
  const field = findField(response.errmsg)
  if (problem.code !== 'message_data_invalid' || field === null) throw problem
  throw problem.with({ errors: [{ path: `data.${field}`, message: 'WeChat refuses this value' }] })
}

/** WeChat names the field in words: `argument invalid! data.thing1.value invalid`. */
function findField(errmsg: unknown): string | null {
  return typeof errmsg === 'string' ? (/\bdata\.(\w{1,64})/.exec(errmsg)?.[1] ?? null) : null
}
