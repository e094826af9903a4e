/**
 * The requests of a payments Worker, verified by the documents of WeChat Pay. This shares no code
 * with the Worker.
 */

import * as v from 'valibot'
import { parseAuthorization } from '../../sandbox/pay/signatures'
import { isMerchantSignature, MCHID, NOTIFY_URL, PAY_SETTINGS, PUBLIC_KEY_ID } from './wechat-pay'

export interface SeenRequest {
  readonly method: string
  readonly host: string
  /** Path and query, as they came. */
  readonly target: string
  readonly headers: Headers
  readonly body: string
  readonly authorization: Readonly<Record<string, string | undefined>>
}

const text = v.pipe(v.string(), v.nonEmpty())
const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const CNY = v.literal('CNY')

const PREPAY = v.strictObject({
  appid: text,
  mchid: v.literal(MCHID),
  description: text,
  out_trade_no: text,
  time_expire: v.optional(v.pipe(v.string(), v.regex(/^\d{4}(-\d\d){2}T(\d\d:){2}\d\d\+08:00$/))),
  attach: v.optional(text),
  notify_url: v.literal(NOTIFY_URL),
  goods_tag: v.optional(text),
  amount: v.strictObject({ total: fen, currency: CNY }),
  payer: v.strictObject({ openid: text }),
})
const CLOSE = v.strictObject({ mchid: v.literal(MCHID) })
const REFUND = v.strictObject({
  out_trade_no: text,
  out_refund_no: text,
  reason: v.optional(text),
  notify_url: v.literal(NOTIFY_URL),
  amount: v.strictObject({ refund: fen, total: fen, currency: CNY }),
})

/** The calls, and the body of each; `null` for none. */
const CALLS: readonly (readonly [call: RegExp, body: v.GenericSchema | null])[] = [
  [/^POST \/v3\/pay\/transactions\/jsapi$/, PREPAY],
  [new RegExp(`^GET /v3/pay/transactions/out-trade-no/[^/?]+\\?mchid=${MCHID}$`), null],
  [/^POST \/v3\/pay\/transactions\/out-trade-no\/[^/?]+\/close$/, CLOSE],
  [/^POST \/v3\/refund\/domestic\/refunds$/, REFUND],
  [/^GET \/v3\/refund\/domestic\/refunds\/[^/?]+$/, null],
]

export async function readRequest(request: Request): Promise<SeenRequest> {
  const { method, headers } = request
  const [, host, target] = /^https?:\/\/([^/]+)(.*)$/.exec(request.url) ?? []
  if (!host || !target) throw new Error('not a URL')
  const authorization = parseAuthorization(headers.get('Authorization') ?? '')
  return { method, host, target, headers, body: await request.text(), authorization }
}

/**
 * What is wrong with a request; `null` if nothing is.
 *
 * @param now Unix time in whole seconds
 */
export async function findViolation(request: SeenRequest, now: number): Promise<string | null> {
  return (await findHeaderViolation(request, now)) ?? findBodyViolation(request)
}

async function findHeaderViolation(request: SeenRequest, now: number): Promise<string | null> {
  const { method, target, headers, body, authorization } = request
  const { mchid, nonce_str = '', timestamp = '', serial_no, signature = '' } = authorization
  if (!headers.get('User-Agent')?.startsWith('code2session/')) return 'User-Agent'
  if (headers.get('Accept') !== 'application/json') return 'Accept'
  if (headers.get('Wechatpay-Serial') !== PUBLIC_KEY_ID) return 'Wechatpay-Serial'
  const type = headers.get('Content-Type')
  if (type !== (body === '' ? null : 'application/json')) return 'Content-Type'
  if (mchid !== MCHID) return 'mchid'
  if (serial_no !== PAY_SETTINGS.WECHAT_PAY_CERT_SERIAL_NO) return 'serial_no'
  if (!/^[0-9A-Za-z]{32}$/.test(nonce_str)) return 'nonce_str'
  if (!/^\d{10}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > 300) return 'timestamp'
  const lines = `${method}\n${target}\n${timestamp}\n${nonce_str}\n${body}\n`
  return (await isMerchantSignature(lines, signature)) ? null : 'signature'
}

function findBodyViolation({ method, target, body }: SeenRequest): string | null {
  const call = `${method} ${target}`
  const [, schema] = CALLS.find(([pattern]) => pattern.test(call)) ?? []
  if (schema === undefined) return `${call} does not exist`
  if (schema === null) return body === '' ? null : `${call} has no body`
  const { issues } = v.safeParse(schema, JSON.parse(body))
  return issues ? issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join() : null
}
