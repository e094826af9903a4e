/** The HTTP API of payments as a Hono app. */

import { HonoBase } from 'hono/hono-base'
import type { Hono } from 'hono/tiny'
import { readJsonBody } from '../../core/body'
import { addFrame } from '../../core/frame'
import { emptyResponse, jsonResponse } from '../../core/responses'
import { MemoRouter } from '../../core/router'
import { parse } from '../../core/schemas'
import { createServiceKeyGuards } from '../../core/service-key'
import { requirePayServiceKeys } from '../config'
import { payProblem } from '../errors'
import type { PaymentHooks } from '../events'
import type { Payments } from '../payments'
import { OutRefundNo, OutTradeNo, RefundBody, toOrderBody } from '../schemas'
import { receiveCallback } from './callback'
import type { PaymentAppEnv } from './context'

/**
 * What `createPaymentApp` takes.
 *
 * @example
 * const options: PaymentAppOptions = { hooks: { onPayment: ({ key }) => console.log(key) } }
 */
export interface PaymentAppOptions {
  /** What is behind the app; by default a service of its own in the runtime of the platform. */
  readonly payments?: (env: object) => Payments
  /** PaymentHooks in the same Worker, for the service that is made by default. */
  readonly hooks?: PaymentHooks
}

/** Makes the HTTP API of a service. */
export function createHttpApp(service: (env: object) => Payments) {
  const app: Hono<PaymentAppEnv> = new HonoBase({ router: new MemoRouter() })

  addFrame(app, { service, notFound: () => payProblem('not_found') })
  app.get('/health', (c) => jsonResponse(c, { status: 'ok' }))

  app.post('/wechat/pay/events', receiveCallback)

  app.use('/payments/*', onlyWithServiceKeys)
  app.use('/refunds/*', onlyWithServiceKeys)

  app.post('/payments', forBackends, async (c) => {
    const { order, payer } = await readJsonBody(c.req.raw, toOrderBody(c.get('service').now()))
    return jsonResponse(c, await c.get('service').placeOrder(order, payer))
  })
  app.get('/payments/:outTradeNo', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    return jsonResponse(c, await c.get('service').queryOrder(outTradeNo))
  })
  app.post('/payments/:outTradeNo/close', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    await c.get('service').closeOrder(outTradeNo)
    return emptyResponse(c)
  })
  app.post('/payments/:outTradeNo/refunds', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    const refund = await readJsonBody(c.req.raw, RefundBody)
    return jsonResponse(c, await c.get('service').requestRefund({ outTradeNo, ...refund }))
  })
  app.get('/refunds/:outRefundNo', forBackends, async (c) => {
    const { outRefundNo } = parse(OutRefundNo, c.req.param())
    return jsonResponse(c, await c.get('service').queryRefund(outRefundNo))
  })
  return app
}

const { onlyWithServiceKeys, forBackends } = createServiceKeyGuards<PaymentAppEnv>(async (c) =>
  requirePayServiceKeys(await c.get('service').config()),
)
