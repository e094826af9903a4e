/** What WeChat Pay's refusals stand for. They may be unsigned, so they are hints. */

import { Problem, type ProblemLog } from '../core/problem'
import { isObject } from '../lib/encoding'
import { CODES, CREATING, type Meaning, type PayCall, SIGNATURE_ADVICE } from './codes'
import { payProblem } from './errors'

/** Codes that stand for many things. The message tells which. */
const COARSE = ['PARAMERROR', 'INVALIDREQUEST', 'NOAUTH']

/** What a refusal stands for, as far as its message tells. */
interface Phrase extends Meaning {
  readonly pattern: RegExp
  /** The calls on which it means this; all of them if absent. */
  readonly calls?: readonly PayCall[]
  /** WeChat Pay's name of the field that it is about, where no JSON pointer tells. */
  readonly field?: string
  /** What is wrong with the field. */
  readonly fault?: string
}

/** How much of a message is searched for phrases, in characters. Real ones are shorter. */
const SEARCHED_LENGTH = 500

/** The wording changes without notice. */
const PHRASES: readonly Phrase[] = [
  { pattern: /单号重复|重入|与之前请求不一致/, calls: CREATING, code: 'order_exists' },
  {
    pattern: /收款功能已?被限制/,
    calls: ['prepay'],
    code: 'payment_refused',
    advice: 'WeChat Pay has restricted what this merchant may receive; see the merchant console',
  },
  {
    pattern: /(appid.*openid|openid.*appid).*(不匹配|not match)/i,
    calls: ['prepay'],
    code: 'invalid_request',
    field: 'openid',
    fault: 'belongs to another appid',
  },
  { pattern: /openid/i, calls: ['prepay'], code: 'invalid_request', field: 'openid' },
  {
    pattern: /未在API文档中定义/i,
    code: 'invalid_request',
    fault: 'is a field that WeChat Pay does not know',
  },
]

/** Our names of WeChat Pay's fields. */
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

/** Fields that are settings: no caller can correct them, so the log names them. */
const SETTINGS: Readonly<Record<string, string>> = {
  mchid: 'WECHAT_PAY_MCHID',
  notify_url: 'WECHAT_PAY_NOTIFY_URL',
}

/** The most that the log keeps of a message, in characters. */
const MESSAGE_LENGTH = 120

interface Refusal {
  readonly call: PayCall
  readonly status: number
  readonly fields: unknown
  readonly log: { readonly rid?: string }
}

/** What a refusal says. */
interface Saying {
  readonly code: string
  readonly message: string
  readonly detail: unknown
}

/** `order_exists` where the number is that of a refund. */
const REFUND_EXISTS =
  'This outRefundNo belongs to a refund with other fields. Query it; a new number is another refund.'

/** The problem that a refusal stands for. WeChat Pay's message goes to the log only. */
export function toRefusal({ call, status, fields, log: received }: Refusal): Problem<string> {
  const saying = toSaying(fields)
  const meaning = findMeaning(saying, call, status)
  const { code, advice } = meaning
  const log = {
    ...received,
    ...(advice && { settings: [advice] }),
    reason: `HTTP status ${status}${toLogText(saying)}`,
  }
  if (code === 'invalid_request') return toInvalidRequest(saying, meaning, log)
  const isRefund = code === 'order_exists' && call === 'refund'
  return payProblem(code, { log, ...(isRefund && { detail: REFUND_EXISTS }) })
}

function toSaying(fields: unknown): Saying {
  const { code, message, detail } = isObject(fields) ? fields : {}
  return { code: toText(code), message: toText(message), detail }
}

/** A code refuses only under 4xx. Under any other status, the outcome is not known. */
function findMeaning({ code, message }: Saying, call: PayCall, status: number): Meaning | Phrase {
  if (status < 400 || status > 499) return { code: 'pay_unavailable' }
  const wechat = code.replaceAll('_', '').toUpperCase()
  const isOnCall = ({ calls = [call] }: { calls?: readonly PayCall[] }) => calls.includes(call)
  const row = CODES.find((row) => row.wechat === wechat && isOnCall(row))
  const start = message.slice(0, SEARCHED_LENGTH)
  const phrase = PHRASES.find((phrase) => isOnCall(phrase) && phrase.pattern.test(start))
  return (COARSE.includes(wechat) && phrase) || (row ?? toMeaningOfStatus(status))
}

function toMeaningOfStatus(status: number): Meaning {
  if (status === 429) return { code: 'rate_limited' }
  if (status === 401) return { code: 'misconfigured', advice: SIGNATURE_ADVICE }
  return { code: 'pay_unavailable' }
}

function toInvalidRequest(
  { detail, message }: Saying,
  { field = '', fault = 'WeChat Pay refuses this value' }: Partial<Phrase>,
  log: ProblemLog,
): Problem {
  const name = findName(detail, message) ?? field
  const setting = SETTINGS[name]
  return new Problem('invalid_request', {
    errors: [{ path: FIELDS[name] ?? '', message: fault }],
    log: { ...log, ...(setting && { settings: [`${setting} is refused by WeChat Pay`] }) },
  })
}

const POINTER = /\/(?:body|query|uri_template)(?:\/\w+)+/g

/**
 * The field that a refusal points to, if we know it. A JSON pointer stands in `detail`, which may nest
 * once more, as `field` or in `value`; or in the message.
 */
function findName(detail: unknown, message: string): string | null {
  const { detail: nested, field, value } = isObject(detail) ? detail : {}
  const pointers = [value, message].flat().flatMap((text) => toText(text).match(POINTER) ?? [])
  const names = [isObject(nested) ? nested.field : null, field, ...pointers].map(
    (pointer) => toText(pointer).split('/').at(-1) ?? '',
  )
  return names.find((name) => Object.hasOwn({ ...FIELDS, ...SETTINGS }, name)) ?? null
}

/** The code and the message for the log, without what may be a number, an openid or a key. */
function toLogText({ code, message }: Saying): string {
  const name = /^[A-Z_]{1,40}$/.test(code) ? `, ${code}` : ''
  const characters = Array.from(message.replace(/[\w-]{16,}|\d{6,}/g, '…'))
  const text = characters.slice(0, MESSAGE_LENGTH).join('')
  return name + (text && `: ${text}`)
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
