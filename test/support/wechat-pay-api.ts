/**
 * A WeChat Pay of its own: it verifies the signature of every request, and signs its answers. It
 * shares no code with the Worker under test. Runs in workerd and in Node.
 */

import {
  type Answer,
  isMerchantSignature,
  MCHID,
  NOTIFY_URL,
  PAY_SETTINGS,
  PUBLIC_KEY_ID,
  signHeaders,
} from './wechat-pay.ts'

/** Changes the answer that a request would get, or fails as a connection fails. */
export type Tamper = (answer: Answer, request: SeenRequest) => Answer | Promise<Answer>

export interface SeenRequest {
  readonly method: string
  readonly host: string
  /** Path and query, as they came. */
  readonly target: string
  readonly headers: Headers
  readonly body: string
  readonly authorization: Readonly<Record<string, string>>
}

interface StoredOrder {
  readonly body: string
  readonly fields: Record<string, unknown>
  state: string
}

export type WeChatPay = ReturnType<typeof createWeChatPay>

export function createWeChatPay({ now }: { now: () => number }) {
  const requests: SeenRequest[] = []
  const violations: string[] = []
  const tampers: Tamper[] = []
  const orders = new Map<string, StoredOrder>()
  const refunds = new Map<string, Record<string, unknown>>()
  const refundBodies = new Map<string, string>()
  let prepays = 0

  async function fetch(request: Request): Promise<Response> {
    const seen = await read(request)
    requests.push(seen)
    const fault = await findFault(seen, now())
    if (fault) violations.push(fault)
    const good = fault ? refusal(401, 'SIGN_ERROR', fault) : route(seen)
    const tamper = tampers.shift()
    return toResponse(tamper ? await tamper(good, seen) : good, now())
  }

  function route({ method, target, body }: SeenRequest): Answer {
    const url = new URL(target, 'https://pay.example')
    const path = url.pathname
    const order = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)(\/close)?$/.exec(path)
    const refund = /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/.exec(path)
    const number = decodeURIComponent(order?.[1] ?? refund?.[1] ?? '')
    if (method === 'POST' && path === '/v3/pay/transactions/jsapi') return prepay(body)
    if (method === 'GET' && order && !order[2]) return query(number, url.searchParams.get('mchid'))
    if (method === 'POST' && order?.[2]) return close(number, body)
    if (method === 'POST' && path === '/v3/refund/domestic/refunds') return requestRefund(body)
    if (method === 'GET' && refund) return queryRefund(number)
    violations.push(`${method} ${path} does not exist`)
    return { status: 404, body: '', isSigned: false }
  }

  function prepay(body: string): Answer {
    const fields = JSON.parse(body)
    const extra = findUnknown(fields, PREPAY_FIELDS)
    if (extra) return violated(`unknown field ${extra}`)
    if (fields.mchid !== MCHID || fields.notify_url !== NOTIFY_URL) return violated('mchid or url')
    const known = orders.get(fields.out_trade_no)
    if (known?.state === 'SUCCESS') return refusal(400, 'ORDERPAID', 'the order is paid')
    if (known?.state === 'CLOSED') return refusal(400, 'ORDER_CLOSED', 'the order is closed')
    if (known && known.body !== body) return refusal(403, 'OUT_TRADE_NO_USED', '商户订单号重复')
    orders.set(fields.out_trade_no, { body, fields, state: 'NOTPAY' })
    return ok({ prepay_id: `wx${String(++prepays).padStart(34, '0')}` })
  }

  function query(number: string, mchid: string | null): Answer {
    if (mchid !== MCHID) return violated('mchid is missing from the query')
    if (!orders.has(number)) return refusal(404, 'ORDER_NOT_EXIST', 'no such order')
    return ok(toTransaction(number))
  }

  /** The fields of a transaction, as a query and a callback have them. */
  function toTransaction(number: string): Record<string, unknown> {
    const order = orders.get(number)
    const { appid, amount, payer, attach } = (order?.fields ?? {}) as Record<string, unknown>
    const { total } = amount as { total: number }
    const isPaid = order?.state === 'SUCCESS' || order?.state === 'REFUND'
    return {
      ...{ appid, mchid: MCHID, out_trade_no: number, trade_type: 'JSAPI' },
      ...{ trade_state: order?.state, trade_state_desc: 'a text', attach: attach ?? '' },
      ...(isPaid && {
        transaction_id: `4200${number}`,
        bank_type: 'OTHERS',
        success_time: '2026-11-21T18:00:00+08:00',
        payer,
        amount: { total, payer_total: total - 1, currency: 'CNY', payer_currency: 'CNY' },
      }),
    }
  }

  function close(number: string, body: string): Answer {
    if (body !== JSON.stringify({ mchid: MCHID })) return violated('the body of close')
    const order = orders.get(number)
    if (!order) return refusal(404, 'ORDERNOTEXIST', 'no such order')
    if (order.state === 'SUCCESS') return refusal(400, 'ORDER_PAID', 'the order is paid')
    order.state = 'CLOSED'
    return { status: 204, body: '' }
  }

  function requestRefund(body: string): Answer {
    const fields = JSON.parse(body)
    const extra = findUnknown(fields, REFUND_FIELDS)
    if (extra) return violated(`unknown field ${extra}`)
    if (fields.notify_url !== NOTIFY_URL) return violated('notify_url of the refund')
    if (fields.amount.currency !== 'CNY') return violated('currency of the refund')
    const order = orders.get(fields.out_trade_no)
    if (!order) return refusal(404, 'RESOURCE_NOT_EXISTS', 'no such order')
    const { out_trade_no, out_refund_no, amount } = fields
    const known = refundBodies.get(out_refund_no) ?? body
    if (known !== body) return refusal(400, 'INVALID_REQUEST', '订单重入，参数不一致')
    refundBodies.set(out_refund_no, body)
    order.state = 'REFUND'
    refunds.set(out_refund_no, {
      ...{ refund_id: `5030${out_refund_no}`, out_refund_no, out_trade_no },
      ...{ transaction_id: `4200${out_trade_no}`, channel: 'ORIGINAL', status: 'PROCESSING' },
      ...{ user_received_account: 'a card', create_time: '2026-11-21T18:00:00+08:00' },
      amount: { ...amount, payer_total: amount.total, payer_refund: amount.refund },
    })
    return queryRefund(out_refund_no)
  }

  function queryRefund(number: string): Answer {
    const refund = refunds.get(number)
    return refund ? ok(refund) : refusal(404, 'RESOURCE_NOT_EXISTS', 'no such refund')
  }

  function violated(what: string): Answer {
    violations.push(what)
    return refusal(400, 'PARAM_ERROR', what)
  }

  return {
    fetch,
    /** All requests, in the order of their arrival. */
    requests,
    /** What a real WeChat Pay would have refused in them for its form. */
    violations,
    orders,
    refunds,
    /** Tampers with the answer to the next request. */
    next: (tamper: Tamper) => void tampers.push(tamper),
    toTransaction,
    /** Marks an order as paid: the fields of its callback. */
    pay(number: string): Record<string, unknown> {
      const order = orders.get(number)
      if (order) order.state = 'SUCCESS'
      return toTransaction(number)
    },
    /** The fields of a refund's callback. */
    finishRefund(number: string, status = 'SUCCESS'): Record<string, unknown> {
      const { status: _, channel, create_time, ...refund } = refunds.get(number) ?? {}
      return { ...refund, mchid: MCHID, refund_status: status, success_time: create_time }
    },
  }
}

export const ok = (fields: object): Answer => ({ status: 200, body: JSON.stringify(fields) })

/** A refusal, unsigned as WeChat Pay's often are. */
export const refusal = (
  status: number,
  code: string,
  message: string,
  detail?: object,
): Answer => ({
  status,
  body: JSON.stringify({ code, message, ...(detail && { detail }) }),
  isSigned: false,
  headers: { 'Request-ID': '08F78BC2A80610D305189E8CDB5020A8EDC-268435461' },
})

const PREPAY_FIELDS = [
  ...['appid', 'mchid', 'description', 'out_trade_no', 'time_expire', 'attach', 'notify_url'],
  ...['goods_tag', 'amount', 'amount.total', 'amount.currency', 'payer', 'payer.openid'],
]
const REFUND_FIELDS = [
  ...['out_trade_no', 'out_refund_no', 'reason', 'notify_url', 'amount'],
  ...['amount.refund', 'amount.total', 'amount.currency'],
]

/** The first field that WeChat Pay does not know, or that is null. */
function findUnknown(fields: Record<string, unknown>, known: readonly string[], path = ''): string {
  for (const [name, value] of Object.entries(fields)) {
    if (!known.includes(path + name) || value === null) return path + name
    if (typeof value !== 'object') continue
    const inside = findUnknown(value as Record<string, unknown>, known, `${path}${name}.`)
    if (inside) return inside
  }
  return ''
}

async function read(request: Request): Promise<SeenRequest> {
  const { method, headers } = request
  const [, scheme, host = '', target = '/'] = /^(https?:\/\/)([^/]+)(.*)$/.exec(request.url) ?? []
  if (!scheme) throw new Error('not a URL')
  const [, list = ''] =
    /^WECHATPAY2-SHA256-RSA2048 (.*)$/.exec(headers.get('Authorization') ?? '') ?? []
  const pairs = [...list.matchAll(/(\w+)="([^"]*)"(?:,|$)/g)].map(([, name, value]) => [
    name,
    value,
  ])
  const authorization = Object.fromEntries(pairs) as Record<string, string>
  return { method, host, target, headers, body: await request.text(), authorization }
}

/** What is wrong with a request's headers or its signature. */
async function findFault(seen: SeenRequest, now: number): Promise<string | null> {
  const { method, target, headers, body, authorization } = seen
  const { mchid, nonce_str = '', timestamp = '', serial_no, signature = '' } = authorization
  if (!headers.get('User-Agent')?.startsWith('code2session/')) return 'User-Agent'
  if (headers.get('Accept') !== 'application/json') return 'Accept'
  if (headers.get('Wechatpay-Serial') !== PUBLIC_KEY_ID) return 'Wechatpay-Serial'
  const type = headers.get('Content-Type')
  if (type !== (body === '' ? null : 'application/json')) return 'Content-Type'
  if (mchid !== MCHID || serial_no !== PAY_SETTINGS.WECHAT_PAY_CERT_SERIAL_NO)
    return 'mchid or serial_no'
  if (!/^[0-9A-Za-z]{32}$/.test(nonce_str)) return 'nonce_str'
  if (!/^\d{10}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > 300) return 'timestamp'
  const text = `${method}\n${target}\n${timestamp}\n${nonce_str}\n${body}\n`
  return (await isMerchantSignature(text, signature)) ? null : 'signature'
}

async function toResponse(answer: Answer, now: number): Promise<Response> {
  const { status, body, headers, isSigned = true } = answer
  const signed = isSigned ? await signHeaders(answer, now) : {}
  const type = { 'Content-Type': 'application/json; charset=utf-8' }
  const init = { status, headers: { ...type, ...signed, ...headers } }
  return new Response(status === 204 ? null : body, init)
}
