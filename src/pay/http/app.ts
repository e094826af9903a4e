/** The HTTP API of payments as a Hono app. */

import { createMiddleware } from 'hono/factory'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { Hono } from 'hono/tiny'
import { readJsonBody } from '../../core/body'
import { checkServiceKey } from '../../core/credentials'
import { toProblem } from '../../core/problem'
import { answer, answerEmpty, fail, findRoute, onMethodNotAllowed } from '../../core/responses'
import { parse } from '../../core/schemas'
import { workersRuntime } from '../../workers/runtime'
import { requirePayServiceKeys } from '../config'
import { payProblem } from '../errors'
import type { PaymentHooks } from '../events'
import { createPayments, type Payments } from '../payments'
import { OutRefundNo, OutTradeNo, RefundBody, toOrderBody } from '../schemas'
import { receiveCallback } from './callback'
import type { PaymentAppEnv } from './context'

/**
 * What {@link createPaymentApp} takes.
 *
 * @example
 * const options: PaymentAppOptions = { hooks: { onPayment: ({ key }) => console.log(key) } }
 */
export interface PaymentAppOptions {
  /** What is behind the app; by default a service of its own in the Workers runtime. */
  readonly payments?: (env: object) => Payments
  /** PaymentHooks in the same Worker, for the service that is made by default. */
  readonly hooks?: PaymentHooks
}

/**
 * Makes the HTTP API of payments. Make it once and keep it: keys are imported once.
 *
 * @example
 * const app = new Hono().route('/', createPaymentApp())
 */
export function createPaymentApp({
  hooks,
  payments = createPayments(workersRuntime, hooks ? { hooks } : {}),
}: PaymentAppOptions = {}) {
  const app = new Hono<PaymentAppEnv>()

  app.use(async function observe(c, next) {
    c.set('payments', payments(c.env))
    const finish = c.var.payments.startRequest()
    await next()
    const { method } = c.req
    finish({
      method,
      route: findRoute(c, app.routes),
      status: c.res.status,
      problem: c.var.problem,
    })
  })
  app.use(methodNotAllowed({ app, onMethodNotAllowed }))
  app.use(async function exactPaths(c, next) {
    if (c.req.path.endsWith('/')) throw payProblem('not_found')
    await next()
  })

  app.get('/health', (c) => answer(c, { status: 'ok' }))

  app.post('/wechat/pay/events', receiveCallback)

  app.use('/payments', onlyWithServiceKeys)
  app.use('/payments/*', onlyWithServiceKeys)
  app.use('/refunds/*', onlyWithServiceKeys)

  app.post('/payments', forBackends, async (c) => {
    const { order, payer } = await readJsonBody(c.req.raw, toOrderBody(c.var.payments.now()))
    return answer(c, await c.var.payments.placeOrder(order, payer))
  })
  app.get('/payments/:outTradeNo', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    return answer(c, await c.var.payments.queryOrder(outTradeNo))
  })
  app.post('/payments/:outTradeNo/close', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    await c.var.payments.closeOrder(outTradeNo)
    return answerEmpty(c)
  })
  app.post('/payments/:outTradeNo/refunds', forBackends, async (c) => {
    const { outTradeNo } = parse(OutTradeNo, c.req.param())
    const refund = await readJsonBody(c.req.raw, RefundBody)
    return answer(c, await c.var.payments.requestRefund({ outTradeNo, ...refund }))
  })
  app.get('/refunds/:outRefundNo', forBackends, async (c) => {
    const { outRefundNo } = parse(OutRefundNo, c.req.param())
    return answer(c, await c.var.payments.queryRefund(outRefundNo))
  })

  app.notFound((c) => fail(c, payProblem('not_found')))
  app.onError((error, c) => fail(c, toProblem(error)))
  return app
}

const onlyWithServiceKeys = createMiddleware<PaymentAppEnv>(
  async function onlyWithServiceKeys(c, next) {
    requirePayServiceKeys(await c.var.payments.config())
    await next()
  },
)

const forBackends = createMiddleware<PaymentAppEnv>(async function forBackends(c, next) {
  const keys = requirePayServiceKeys(await c.var.payments.config())
  await checkServiceKey(keys, c.req.header('Authorization'))
  await next()
})
