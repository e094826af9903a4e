/** What WeChat Pay's refusals stand for. They may be unsigned, so they are hints. */

import { Problem } from '../core/problem'
import { isObject } from '../lib/encoding'
import { CODES, CREATING, type Meaning, type PayCall, SIGNATURE_ADVICE } from './codes'
import { payProblem } from './errors'

/** Our names of the fields that WeChat Pay's `detail` can point to. */
const FIELDS: Readonly<Record<string, string>> = {
  description: 'description',
  out_trade_no: 'outTradeNo',
  out_refund_no: 'outRefundNo',
  total: 'total',
  refund: 'refund',
  openid: 'openid',
  appid: 'appid',
  attach: 'attach',
  time_expire: 'expiresAt',
  goods_tag: 'goodsTag',
  reason: 'reason',
}

/** The settings that it can point to: no caller can correct them, so the log names them. */
const SETTINGS: Readonly<Record<string, string>> = {
  mchid: 'WECHAT_PAY_MCHID',
  notify_url: 'WECHAT_PAY_NOTIFY_URL',
}

interface Refusal {
  readonly call: PayCall
  readonly status: number
  readonly fields: unknown
  readonly log: { readonly rid?: string }
}

/** `order_exists` where the number is that of a refund. */
const REFUND_EXISTS =
  'This outRefundNo belongs to a refund with other fields. Query it; a new number is another refund.'

/** The problem that a refusal stands for. No text of WeChat Pay's is kept. */
export function toRefusal({ call, status, fields, log: received }: Refusal): Problem<string> {
  const { code, message, detail } = isObject(fields) ? fields : {}
  const spelled = typeof code === 'string' ? code : ''
  const meaning = findMeaning(spelled.replaceAll('_', '').toUpperCase(), call, status)
  const log = {
    ...received,
    ...(meaning.advice && { settings: [meaning.advice] }),
    reason: `HTTP status ${status}${/^[A-Z_]{1,40}$/.test(spelled) ? `, ${spelled}` : ''}`,
  }
  if (
    meaning.code === 'order_exists' ||
    (CREATING.includes(call) && isAboutNumber(meaning, message))
  ) {
    return payProblem('order_exists', { log, ...(call === 'refund' && { detail: REFUND_EXISTS }) })
  }
  if (meaning.code !== 'invalid_request') return payProblem(meaning.code, { log })
  const name = findName(detail)
  const setting = SETTINGS[name]
  return new Problem('invalid_request', {
    errors: [{ path: FIELDS[name] ?? '', message: 'WeChat Pay refuses this value' }],
    log: { ...log, ...(setting && { settings: [`${setting} is refused by WeChat Pay`] }) },
  })
}

/** An order or a refund that was sent again with other fields. */
function isAboutNumber({ code }: Meaning, message: unknown): boolean {
  if (code !== 'invalid_request' || typeof message !== 'string') return false
  return /单号重复|重入|与之前请求不一致/.test(message)
}

/** A code refuses only under 4xx. Under any other status, the outcome is not known. */
function findMeaning(wechat: string, call: PayCall, status: number): Meaning {
  if (status < 400 || status > 499) return { code: 'pay_unavailable' }
  const row = CODES.find((row) => row.wechat === wechat && (row.calls?.includes(call) ?? true))
  return row ?? toMeaningOfStatus(status)
}

function toMeaningOfStatus(status: number): Meaning {
  if (status === 429) return { code: 'rate_limited' }
  if (status === 401) return { code: 'misconfigured', advice: SIGNATURE_ADVICE }
  return { code: 'pay_unavailable' }
}

/** `detail` holds a JSON pointer, and may nest once more. Only names that we know count. */
function findName(detail: unknown): string {
  if (!isObject(detail)) return ''
  const inner = isObject(detail.detail) ? detail.detail : {}
  const pointer = inner.field ?? detail.field
  const name = typeof pointer === 'string' ? (pointer.split('/').at(-1) ?? '') : ''
  return Object.hasOwn({ ...FIELDS, ...SETTINGS }, name) ? name : ''
}
