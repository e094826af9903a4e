/**
 * WeChat Pay's server API for a merchant. It verifies the signature of every request, and signs its
 * responses.
 */

import { type Context, Hono } from 'hono'
import { isObject, parseJson } from '../../src/lib/encoding'
import type { Fields } from '../phone-request'
import type { PayFaults } from './faults'
import type { Merchant } from './merchant'
import type { Orders } from './orders'
import type { Refunds } from './refunds'
import { isPayRefusal, ok, type PayResponse, refuse } from './responses'
import { isRequestSigned, signHeaders, toForgery } from './signatures'

interface ApiOptions {
  /** Unix time in whole seconds. */
  readonly now: () => number
  readonly merchant: () => Promise<Merchant>
  readonly orders: Orders
  readonly refunds: Refunds
  readonly faults: PayFaults
}

type Handle = (fields: Fields, body: string) => PayResponse

const ORDERS = '/v3/pay/transactions'
const REFUNDS = '/v3/refund/domestic/refunds'

export function createPayApi({ now, merchant, orders, refunds, faults }: ApiOptions): Hono {
  const api = new Hono()

  api.post(`${ORDERS}/jsapi`, (c) => respond(c, orders.place))
  api.get(`${ORDERS}/out-trade-no/:number`, (c) =>
    respond(c, () => orders.query(number(c), c.req.query('mchid'))),
  )
  api.post(`${ORDERS}/out-trade-no/:number/close`, (c) =>
    respond(c, (fields) => orders.close(number(c), fields)),
  )
  api.post(REFUNDS, (c) => respond(c, refunds.request))
  api.get(`${REFUNDS}/:number`, (c) => respond(c, () => refunds.query(number(c))))

  async function respond(c: Context, handle: Handle): Promise<Response> {
    const body = await c.req.text()
    const refusal = await findRefusal(c, body)
    return sign(refusal ?? (await handleOrFail(c, body, handle)))
  }

  /** What WeChat Pay refuses before it looks at the fields. */
  async function findRefusal(c: Context, body: string): Promise<PayResponse | null> {
    if (!c.req.header('User-Agent') || !c.req.header('Accept')) return refuse('INVALID_REQUEST')
    const context = await signingContext()
    if (!(await isRequestSigned(c.req.raw, body, context))) return refuse('SIGN_ERROR')
    const serial = c.req.header('Wechatpay-Serial')
    return serial === context.merchant.publicKeyId ? null : refuse('INVALID_REQUEST')
  }

  /** A call that fails with a code of WeChat Pay is not handled at all. */
  async function handleOrFail(c: Context, body: string, handle: Handle): Promise<PayResponse> {
    const fault = faults.take(c.req.path)
    if (isPayRefusal(fault)) return refuse(fault)
    const fields = body === '' ? {} : parseJson(body)
    const response = isObject(fields) ? handle(fields, body) : refuse('PARAM_ERROR')
    if (fault === null) return response
    if (typeof fault === 'function') return fault(response)
    if (response.forgery === null) return response
    if (fault === 'replayed') return toAnother(response)
    return { ...response, forgery: toForgery(fault, await signingContext()) }
  }

  async function sign({ status, body, headers, forgery }: PayResponse): Promise<Response> {
    const signature = await signHeaders(body, await signingContext(), forgery)
    const type = body !== '' && { 'Content-Type': 'application/json' }
    const id = { 'Request-ID': `08${crypto.randomUUID()}-0` }
    return new Response(status === 204 ? null : body, {
      status,
      headers: { ...type, ...id, ...signature, ...headers },
    })
  }

  async function signingContext() {
    return { merchant: await merchant(), now: now() }
  }

  return api
}

const number = (c: Context) => c.req.param('number') ?? ''

/** The same response, about other numbers. */
function toAnother(response: PayResponse): PayResponse {
  if (response.body === '') return response
  const others = { out_trade_no: 'ANOTHER00000001', out_refund_no: 'ANOTHER00000002' }
  return ok({ ...JSON.parse(response.body), ...others })
}
