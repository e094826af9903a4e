/**
 * What a pushed message is answered with, unless a hook answers it. No I/O, no clock.
 *
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/trans.html
 */

/** The fields of a message, their names trimmed. */
export type EventFields = Readonly<Record<string, unknown>>

/** Purchases and refunds of virtual goods that want to hear that they have been received. */
const RECEIPTS = new Set<unknown>([
  'xpay_goods_deliver_notify',
  'xpay_coin_pay_notify',
  'xpay_refund_notify',
])

/**
 * The answer to a message that no hook has answered.
 *
 * @param isQueued Whether the Queue has taken the message
 * @param now Unix seconds
 * @returns `null` if only the developer can answer it, so that WeChat has to send it again
 */
export function toDefaultReply(
  event: EventFields,
  { isQueued, now }: { isQueued: boolean; now: number },
): string | object | null {
  const { MsgType, Event, FromUserName, ToUserName } = event
  if (typeof Event === 'string' && Event.startsWith('xpay_')) {
    return isQueued && RECEIPTS.has(Event) ? { ErrCode: 0, ErrMsg: 'success' } : null
  }
  if (typeof MsgType !== 'string' || MsgType === 'event') return 'success'
  if (typeof FromUserName !== 'string' || typeof ToUserName !== 'string') return 'success'
  // Every other type is a user's message to customer service: forward it to the desk.
  return {
    ToUserName: FromUserName,
    FromUserName: ToUserName,
    CreateTime: now,
    MsgType: 'transfer_customer_service',
  }
}
