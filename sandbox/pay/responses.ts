/** WeChat Pay's responses, and its refusals by their codes. */

import type { Forgery } from './signatures'

/** A response before it is signed. */
export interface PayResponse {
  readonly status: number
  readonly body: string
  /** Added to those of every response, or in their place. */
  readonly headers?: Readonly<Record<string, string>>
  /** What is wrong with its signature; `null` if it has none. */
  readonly forgery?: Forgery | null
}

/** Statuses and texts. REPEATED_NUMBER is a text of PARAM_ERROR, and no code of its own. */
const REFUSALS = {
  PARAM_ERROR: [400, '参数错误'],
  INVALID_REQUEST: [400, '无效请求'],
  REPEATED_NUMBER: [400, '订单重入，但参数与原单不一致'],
  APPID_MCHID_NOT_MATCH: [400, 'appid和mch_id不匹配'],
  MCH_NOT_EXISTS: [400, '商户号不存在'],
  ORDER_CLOSED: [400, '订单已关闭'],
  ORDERPAID: [400, '该订单已支付'],
  REFUND_FEE_MISMATCH: [400, '订单金额或退款金额与之前请求不一致'],
  TRADE_OVERDUE: [400, '订单已经超过退款的最大期限'],
  SIGN_ERROR: [401, '签名错误'],
  NO_AUTH: [403, '商户无权限'],
  OUT_TRADE_NO_USED: [403, '商户订单号重复'],
  RULE_LIMIT: [403, '业务规则限制'],
  TRADE_ERROR: [403, '交易错误'],
  ACCOUNT_ERROR: [403, '账号异常'],
  USER_ACCOUNT_ABNORMAL: [403, '用户账户异常'],
  NOT_ENOUGH: [403, '余额不足'],
  ORDER_NOT_EXIST: [404, '订单不存在'],
  RESOURCE_NOT_EXISTS: [404, '查询的资源不存在'],
  FREQUENCY_LIMITED: [429, '频率限制'],
  RATELIMIT_EXCEEDED: [429, '频率限制'],
  SYSTEM_ERROR: [500, '系统错误'],
  BANK_ERROR: [500, '银行系统异常'],
} as const satisfies Record<string, readonly [number, string]>

export type PayRefusal = keyof typeof REFUSALS

export function isPayRefusal(value: unknown): value is PayRefusal {
  return typeof value === 'string' && Object.hasOwn(REFUSALS, value)
}

export const ok = (fields: object): PayResponse => ({ status: 200, body: JSON.stringify(fields) })

/** @param field The JSON pointer of the field that is wrong, which WeChat Pay names in the message */
export function refuse(name: PayRefusal, field?: string): PayResponse {
  const [status, message] = REFUSALS[name]
  const code = name === 'REPEATED_NUMBER' ? 'PARAM_ERROR' : name
  if (!field) return refusal(status, code, message)
  const [, location] = field.split('/')
  return refusal(status, code, `输入源“${field}”映射到值字段校验失败`, { location })
}

/** A refusal, unsigned as most of WeChat Pay's are. */
export function refusal(
  status: number,
  code: string,
  message: string,
  detail?: object,
): PayResponse {
  return { status, body: JSON.stringify({ code, message, detail }), forgery: null }
}
