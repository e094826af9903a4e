/**
 * WeChat Pay's server API for a merchant. It verifies the signature of every request, and signs its
 * answers; refusals are unsigned, as most of WeChat Pay's are.
 */

import { type Context, Hono } from 'hono'
import { isObject, parseJson } from '../../src/lib/encoding'
import type { Fields } from '../phone-request'
import { isSignatureFault, type PayFaults } from './faults'
import { type PayKeys, PUBLIC_KEY_ID } from './keys'
import type { Orders } from './orders'
import { isPayRefusal, type PayAnswer, refuse } from './refusals'
import { isRequestSigned, type SignatureFault, signHeaders } from './signatures'

interface ApiOptions {
  readonly now: () => number
  readonly keys: () => Promise<PayKeys>
  readonly orders: Orders
  readonly faults: PayFaults
}

type Handle = (c: Context, fields: Fields, body: string) => PayAnswer

const ORDERS = '/v3/pay/transactions'
const REFUNDS = '/v3/refund/domestic/refunds'

export function createPayApi({ now, keys, orders, faults }: ApiOptions): Hono {
  const api = new Hono()

  api.post(`${ORDERS}/jsapi`, (c) => answer(c, (_, fields, body) => orders.place(fields, body)))
  api.get(`${ORDERS}/out-trade-no/:number`, (c) =>
    answer(c, () => orders.query(number(c), c.req.query('mchid'))),
  )
  api.post(`${ORDERS}/out-trade-no/:number/close`, (c) =>
    answer(c, (_, fields) => orders.close(number(c), fields)),
  )
  api.post(REFUNDS, (c) => answer(c, (_, fields, body) => orders.requestRefund(fields, body)))
  api.get(`${REFUNDS}/:number`, (c) => answer(c, () => orders.queryRefund(number(c))))

  async function answer(c: Context, handle: Handle): Promise<Response> {
    const body = await c.req.text()
    const refusal = await findRefusal(c, body)
    if (refusal) return respond(refusal, null)
    const fault = faults.take(c.req.path)
    if (isPayRefusal(fault)) return respond(refuse(fault), null)
    const fields = body === '' ? {} : parseJson(body)
    const good = isObject(fields) ? handle(c, fields, body) : refuse('PARAM_ERROR')
    if (fault === 'replayed') return respond(toAnother(good), null)
    return respond(good, isSignatureFault(fault) ? fault : null)
  }

  /** What WeChat Pay refuses before it looks at the fields. */
  async function findRefusal(c: Context, body: string): Promise<PayAnswer | null> {
    if (!c.req.header('User-Agent') || !c.req.header('Accept')) return refuse('INVALID_REQUEST')
    const context = { keys: await keys(), now: now() }
    if (!(await isRequestSigned(c.req.raw, body, context))) return refuse('SIGN_ERROR')
    const serial = c.req.header('Wechatpay-Serial')
    return serial === PUBLIC_KEY_ID ? null : refuse('INVALID_REQUEST')
  }

  async function respond(
    { status, fields }: PayAnswer,
    fault: SignatureFault | null,
  ): Promise<Response> {
    const body = fields ? JSON.stringify(fields) : ''
    const context = { keys: await keys(), now: now() }
    const signed = status < 300 ? await signHeaders(body, context, fault) : {}
    const headers = { ...signed, 'Request-ID': `08${crypto.randomUUID()}-0` }
    return new Response(fields ? body : null, {
      status,
      headers: fields ? { ...headers, 'Content-Type': 'application/json' } : headers,
    })
  }

  return api
}

const number = (c: Context) => c.req.param('number') ?? ''

/** The same answer, about other numbers. */
function toAnother({ status, fields }: PayAnswer): PayAnswer {
  const others = { out_trade_no: 'ANOTHER00000001', out_refund_no: 'ANOTHER00000002' }
  return { status, fields: fields && { ...fields, ...others } }
}
