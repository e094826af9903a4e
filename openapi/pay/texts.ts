/**
 * What the documents say about the failures of the payments Worker, in English and Chinese: its own,
 * and those that it shares with the login Worker but that occur for other reasons here.
 */

import type { PayCall } from '../../src/pay/codes'
import type { PaymentsErrorCode } from '../../src/pay/errors'
import { WHEN } from '../login/texts'
import type { Text } from '../texts'

/** When each error occurs, and what to do. */
export const PAY_WHEN: Readonly<Record<PaymentsErrorCode, Text>> = {
  ...WHEN,
  order_exists: {
    en: 'The `outTradeNo` belongs to an order with another price, payer, text or expiry. Send the fields as you sent them first. If they have to change, query the order, close it if it is not paid, and only then use a new number. Of a refund: the `outRefundNo` belongs to a refund with other fields. Query that refund first, because a new number is another refund.',
    zh: '这个 `outTradeNo` 已用于另一笔订单，其价格、付款人、文字或失效时间不同。请按第一次的字段原样发送；如果确实要改，先查询，未支付就关闭，然后才能换新的单号。退款时则表示这个 `outRefundNo` 已用于字段不同的另一笔退款：请先查询那笔退款，因为换新的单号就是另一笔退款。',
  },
  order_paid: {
    en: 'The order is paid, which a signed query has confirmed. Query it, compare it with your own, and deliver. Do not place it again.',
    zh: '订单已支付，已由带签名的查询确认。请查询并与自己的订单核对，然后发货，不要重新下单。',
  },
  order_closed: {
    en: 'The order was closed, or it has expired, which a signed query has confirmed. Only now is a new `outTradeNo` right.',
    zh: '订单已关闭或已过期，已由带签名的查询确认。只有这时才应换新的 `outTradeNo`。',
  },
  order_unknown: {
    en: 'WeChat Pay says that it has no order of this number, or no such payment to refund. That may be unsigned, so conclude nothing from it: the order may exist and be paid. Place it again with the same number, never with another one.',
    zh: '微信支付称没有这个单号的订单，或没有可退款的支付。这个响应可能没有签名，不能据此下任何结论：订单可能存在，也可能已支付。请用同一单号再下一次，绝不要换单号。',
  },
  refund_unknown: {
    en: 'WeChat Pay says that it has no refund of this number. That may be unsigned, so conclude nothing from it. If the outcome of your request was not known, send it again with the same `outRefundNo`.',
    zh: '微信支付称没有这个单号的退款。这个响应可能没有签名，不能据此下任何结论。如果之前的退款请求结果未知，请用同一 `outRefundNo` 再发一次。',
  },
  refund_refused: {
    en: 'The payment is more than a year old, the refunds exceed the price, `total` is not that of the order, or an account is closed. See the merchant console.',
    zh: '支付已超过一年，退款累计超出订单金额，`total` 与订单不符，或账户已注销。请到商户平台处理。',
  },
  payment_refused: {
    en: "WeChat Pay refuses the payment because of a risk, a rule, or the payer's account. Show a neutral text, and offer another way to pay.",
    zh: '微信支付因风险、规则或付款人账户的原因拒绝。请给用户一句中性的提示，并提供其他支付方式。',
  },
  balance_too_low: {
    en: "The merchant's balance does not cover the refund. Add money, then send the same refund with the same `outRefundNo`.",
    zh: '商户余额不足以退款。充值后用同一 `outRefundNo` 再发一次。',
  },
  pay_timeout: {
    en: 'WeChat Pay did not respond within five seconds, so the outcome is not known. Repeat the same request with the same number, or query it.',
    zh: '微信支付五秒内没有响应，结果未知。请用同一单号重复同样的请求，或先查询。',
  },
  pay_unavailable: {
    en: 'The connection failed, WeChat Pay has a fault, its response is not signed as it should be, or no signed query has confirmed its refusal, so the outcome is not known. Repeat the same request with the same number, or query it.',
    zh: '连接失败、微信支付故障、响应的签名不可信，或它的拒绝没有得到带签名的查询确认，结果未知。请用同一单号重复同样的请求，或先查询。',
  },
  invalid_request: {
    en: 'A field is missing, has the wrong type, is too long, or WeChat Pay refuses its value. `errors` names it where that is known.',
    zh: '字段缺失、类型不对、过长，或微信支付不接受它的值。能确定是哪个字段时，`errors` 会指出。',
  },
  session_invalid: {
    en: "The `token` in the body has no session, so the order has no payer. Respond with 401: the mini program's client logs in and repeats the request.",
    zh: '请求体里的 `token` 没有会话，因而没有付款人。请返回 401，小程序的客户端会重新登录并重试。',
  },
  rate_limited: {
    en: 'WeChat Pay limits how often a merchant may make this call. The limit for failing refunds is low. Repeat the same request with the same number later.',
    zh: '微信支付限制了商户的调用频率，失败的退款限制更严。请稍后用同一单号重复同样的请求。',
  },
  misconfigured: {
    en: 'A setting is missing or wrong, or the merchant lacks a permission. The log names it, with the `Request-ID` of WeChat Pay as `rid`.',
    zh: '配置缺失或有误，或商户没有权限。日志会指出是哪一项，并以 `rid` 记录微信支付的 `Request-ID`。',
  },
  event_refused: {
    en: "The callback is not WeChat Pay's, is older or newer than five minutes, does not open with the APIv3 key, or is for another merchant. WeChat Pay's signature probes end here as well.",
    zh: '回调不是微信支付发出的、与当前时间相差超过五分钟、无法用 APIv3 密钥解密，或属于别的商户。微信支付的签名探测流量也在此拒绝。',
  },
  hook_unavailable: {
    en: 'Nobody has taken the event of a callback: neither `EVENTS` nor `HOOKS` is bound, or the hook failed or took more than 2.5 seconds. WeChat Pay calls again.',
    zh: '回调的事件没有人接收：`EVENTS` 和 `HOOKS` 都没有绑定，或钩子（hook）出错或超过 2.5 秒。微信支付会再次回调。',
  },
  store_unavailable: {
    en: 'The login Worker cannot tell whose token it is, or the Queue `EVENTS` did not take an event.',
    zh: '登录 Worker 无法得知 token 属于谁，或队列 `EVENTS` 没有收下事件。',
  },
  not_found: {
    en: 'There is no such path, or `SERVICE_KEYS` is not set.',
    zh: '没有这个路径，或没有设置 `SERVICE_KEYS`。',
  },
  body_too_large: { en: 'The body is larger than 64 KiB.', zh: '请求体超过 64 KiB。' },
  unsupported_media_type: {
    en: 'The body is not UTF-8 JSON.',
    zh: '请求体不是 UTF-8 编码的 JSON。',
  },
}

/** The calls to WeChat Pay, as its code table names them. */
export const PAY_CALLS: Readonly<Record<PayCall, Text>> = {
  prepay: { en: 'order', zh: '下单' },
  query: { en: 'order query', zh: '查询订单' },
  close: { en: 'close', zh: '关单' },
  refund: { en: 'refund', zh: '退款' },
  refund_query: { en: 'refund query', zh: '查询退款' },
  echo: { en: 'self-test', zh: '自检' },
}

/** The advice of pay/codes.ts in Chinese. */
export const PAY_CHINESE: Readonly<Record<string, string>> = {
  'WeChat Pay rejects the signature: check WECHAT_PAY_PRIVATE_KEY, WECHAT_PAY_CERT_SERIAL_NO, WECHAT_PAY_MCHID, and that the APIv3 key is set in the merchant console':
    '微信支付拒绝签名：请检查 WECHAT_PAY_PRIVATE_KEY、WECHAT_PAY_CERT_SERIAL_NO、WECHAT_PAY_MCHID，以及商户平台是否已设置 APIv3 密钥',
  'this merchant may not use this product; open it in the merchant console':
    '商户没有开通该产品，请在商户平台开通',
  'the appid is not bound to WECHAT_PAY_MCHID; bind it in the merchant console':
    'appid 没有绑定 WECHAT_PAY_MCHID，请在商户平台绑定',
  'WECHAT_PAY_MCHID is not a merchant that WeChat Pay knows':
    '微信支付不认识 WECHAT_PAY_MCHID 这个商户号',
}
