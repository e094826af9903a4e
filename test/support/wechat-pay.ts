/**
 * A WeChat Pay of its own: it verifies the signature of every request, and signs its answers. It
 * shares no code with the Worker under test. Runs in workerd and in Node.
 */

import vectors from './wechat-pay-vectors.json' with { type: 'json' }

const { identity, keys } = vectors.generated
export const MCHID = identity.mchid
export const PUBLIC_KEY_ID = identity.public_key_id
export const API_V3_KEY = identity.apiv3_key
export const MERCHANT = keys.merchant
export const PLATFORM = keys.wechatpay_platform
export const NOTIFY_URL = 'https://pay.example/wechat/pay/events'

/** The settings of a payments Worker that is a customer of this WeChat Pay. */
export const PAY_SETTINGS = {
  WECHAT_PAY_MCHID: MCHID,
  WECHAT_PAY_CERT_SERIAL_NO: identity.merchant_serial_no,
  WECHAT_PAY_PUBLIC_KEY_ID: PUBLIC_KEY_ID,
  WECHAT_PAY_NOTIFY_URL: NOTIFY_URL,
  WECHAT_PAY_PRIVATE_KEY: MERCHANT.private_pkcs8_pem,
  WECHAT_PAY_PUBLIC_KEY: PLATFORM.public_spki_pem,
  WECHAT_PAY_API_V3_KEY: API_V3_KEY,
} as const

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
const bytesOf = (text: string) => new TextEncoder().encode(text)
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const toBase64 = (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
const fromPem = (pem: string) => fromBase64(pem.replace(/-----[^-]+-----|\s/g, ''))

export const importPrivate = (pem: string) =>
  crypto.subtle.importKey('pkcs8', fromPem(pem), RSA, false, ['sign'])
export const importPublic = (pem: string) =>
  crypto.subtle.importKey('spki', fromPem(pem), RSA, false, ['verify'])

/** Whether this is the merchant's signature of this text. */
export async function isMerchantSignature(text: string, signature: string): Promise<boolean> {
  const key = await importPublic(MERCHANT.public_spki_pem)
  return crypto.subtle.verify(RSA.name, key, fromBase64(signature), bytesOf(text))
}

/** An answer before it is signed; what is given replaces what a good answer has. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly isSigned?: boolean
  /** Unix seconds. */
  readonly timestamp?: number
  readonly serial?: string
  readonly privateKey?: string
  readonly signature?: string
}

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
  if (mchid !== MCHID || serial_no !== identity.merchant_serial_no) return 'mchid or serial_no'
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

/** The four headers with which WeChat Pay signs a body. */
export async function signHeaders(
  answer: Pick<Answer, 'body' | 'timestamp' | 'serial' | 'privateKey' | 'signature'>,
  now: number,
): Promise<Record<string, string>> {
  const { body, timestamp = now, serial = PUBLIC_KEY_ID, privateKey } = answer
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const key = await importPrivate(privateKey ?? PLATFORM.private_pkcs8_pem)
  const text = bytesOf(`${timestamp}\n${nonce}\n${body}\n`)
  return {
    'Wechatpay-Timestamp': String(timestamp),
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature':
      answer.signature ?? toBase64(await crypto.subtle.sign(RSA.name, key, text)),
    'Wechatpay-Serial': serial,
  }
}

interface NoticeOptions extends Omit<Answer, 'status' | 'body' | 'headers' | 'isSigned'> {
  readonly apiV3Key?: string
  readonly algorithm?: string
  /** Replaces the body after it was made, and before it is signed. */
  readonly body?: string
}

/** A callback: its signed headers and its body. */
export async function notice(
  type: string,
  fields: object,
  now: number,
  { apiV3Key = API_V3_KEY, algorithm = 'AEAD_AES_256_GCM', ...options }: NoticeOptions = {},
): Promise<{ headers: Record<string, string>; body: string }> {
  const original = type.startsWith('REFUND') ? 'refund' : 'transaction'
  const nonce = crypto.randomUUID().slice(0, 12)
  const key = await crypto.subtle.importKey('raw', bytesOf(apiV3Key), 'AES-GCM', false, ['encrypt'])
  const gcm = { name: 'AES-GCM', iv: bytesOf(nonce), additionalData: bytesOf(original) }
  const sealed = await crypto.subtle.encrypt(gcm, key, bytesOf(JSON.stringify(fields)))
  const made = JSON.stringify({
    ...{ id: crypto.randomUUID(), create_time: '2026-11-21T18:00:00+08:00' },
    ...{ event_type: type, resource_type: 'encrypt-resource', summary: 'a text' },
    resource: {
      ...{ original_type: original, algorithm, ciphertext: toBase64(sealed) },
      ...{ associated_data: original, nonce },
    },
  })
  const body = options.body ?? made
  return { headers: await signHeaders({ ...options, body }, now), body }
}
