/**
 * The service behind HTTP and RPC of the payments Worker. Both parse their input into typed values,
 * call it, and give its results and {@link Problem}s their form.
 */

import { isJwt } from '../core/credentials'
import { BEARER_CHALLENGE } from '../core/errors'
import { type FinishRequest, startRequest } from '../core/log'
import { Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { rejectOnAbort } from '../lib/abort'
import { once } from '../lib/once'
import { perEnv } from '../lib/per-env'
import type { KnownHosts, PayContext } from './api'
import { findOptionalFaults, type PayConfig, parsePayConfig } from './config'
import { type PaymentHooks, receivePaymentEvent } from './events'
import { closeOrder, type Order, type Payment, placeOrder, queryOrder } from './orders'
import { queryRefund, type Refund, type RefundRequest, requestRefund } from './refunds'
import type { PaymentParameters } from './signature'

const LOGIN_BINDING_MILLISECONDS = 5000

// For both homes: LOGIN is a binding of a Worker, and LOGIN_URL a setting of a server.
const LOGIN_FAILED =
  'LOGIN failed; see its log, and entrypoint = "LoginService" of the binding, or LOGIN_URL of the server'
const LOGIN_REFUSED =
  'LOGIN did not verify the token; see its log, or LOGIN_SERVICE_KEY of the server'

/**
 * Who pays: the user of a token, or a user whom the backend knows.
 *
 * @example
 * const payer: Payer = { token }
 */
export type Payer = { readonly token: string } | { readonly appid: string; readonly openid: string }

/**
 * All operations. Each rejects with a {@link Problem} whose code is among those that the OpenAPI
 * document lists for the operation.
 *
 * @example
 * const isPaid = async (payments: Payments, outTradeNo: string) =>
 *   (await payments.queryOrder(outTradeNo)).state === 'SUCCESS'
 */
export interface Payments {
  /** The settings. */
  config(): Promise<PayConfig>

  /** Unix seconds, for what depends on the time in a request. */
  now(): number

  /** Starts timing a request. The returned function writes its log line. */
  startRequest(): FinishRequest

  /** Places an order: the argument of `wx.requestPayment`. */
  placeOrder(order: Omit<Order, 'appid' | 'openid'>, payer: Payer): Promise<PaymentParameters>

  /** The state of an order. */
  queryOrder(outTradeNo: string): Promise<Payment>

  /** Closes an order that is not paid. */
  closeOrder(outTradeNo: string): Promise<void>

  /** Asks for a refund. */
  requestRefund(request: RefundRequest): Promise<Refund>

  /** The state of a refund. */
  queryRefund(outRefundNo: string): Promise<Refund>

  /** Takes a callback, raw. It resolves once the Queue or the hook has accepted the event. */
  receiveEvent(callback: { headers: Headers; body: Uint8Array }): Promise<void>
}

/**
 * What {@link createPayments} takes besides a runtime.
 *
 * @example
 * const payments = createPayments(workersRuntime, { hooks: { onPayment: settle } })
 */
export interface PaymentsOptions {
  /** PaymentHooks in the same Worker; by default those bound as `HOOKS`. */
  readonly hooks?: PaymentHooks
}

/**
 * Makes the service. Keep what it returns for as long as the isolate lives: keys are imported once.
 *
 * @returns The service for a Worker's `env`, made once per `env`
 * @example
 * const payments = createPayments(workersRuntime)
 * const payment = await payments(env).queryOrder('A123456')
 */
export function createPayments(
  runtime: Runtime,
  { hooks }: PaymentsOptions = {},
): (env: object) => Payments {
  return perEnv((env) => bindPayments(runtime, hooks ?? null, env))
}

function bindPayments(runtime: Runtime, hooks: PaymentHooks | null, env: object): Payments {
  const context = once(() => createContext(runtime, hooks, env))
  return {
    config: async () => (await context()).config,
    now: runtime.now,
    startRequest: () => startRequest(runtime),
    placeOrder: async (order, payer) => {
      const current = await context()
      return placeOrder(current, { ...order, ...(await findPayer(current, payer)) })
    },
    queryOrder: async (outTradeNo) => queryOrder(await context(), outTradeNo),
    closeOrder: async (outTradeNo) => closeOrder(await context(), outTradeNo),
    requestRefund: async (request) => requestRefund(await context(), request),
    queryRefund: async (outRefundNo) => queryRefund(await context(), outRefundNo),
    receiveEvent: async (callback) => receivePaymentEvent(await context(), callback),
  }
}

async function createContext(
  runtime: Runtime,
  hooks: PaymentHooks | null,
  env: object,
): Promise<PayContext> {
  const config = await parsePayConfig(env)
  const settings = findOptionalFaults(config)
  if (settings.length > 0) runtime.log({ level: 'error', code: 'misconfigured', settings })
  const hosts: KnownHosts = { passedOver: new Set(), answered: null }
  return { runtime, config: { ...config, hooks: hooks ?? config.hooks }, hosts }
}

/** @throws {Problem} `session_invalid`; `store_unavailable` where that cannot be found out */
async function findPayer(
  { runtime, config: { login } }: PayContext,
  payer: Payer,
): Promise<{ appid: string; openid: string }> {
  if ('openid' in payer) return payer
  if (!login) {
    throw new Problem('misconfigured', { log: { settings: ['LOGIN is missing'] } })
  }
  // Backends get JWT access tokens from the phone, and none of them may place an order with one.
  if (isJwt(payer.token)) throw sessionInvalid()
  const late = rejectOnAbort(runtime.deadline(LOGIN_BINDING_MILLISECONDS))
  const outcome = await Promise.race([login.verify(payer.token), late]).catch(() => {
    throw new Problem('store_unavailable', { log: { reason: LOGIN_FAILED } })
  })
  if (outcome.ok) return { appid: outcome.session.appid, openid: outcome.session.openid }
  const { code } = outcome.error
  if (code === 'session_invalid') throw sessionInvalid()
  const log = { reason: LOGIN_REFUSED }
  throw new Problem(code === 'hook_unavailable' ? 'store_unavailable' : code, { log })
}

/** Its challenge names no error: the credential of the request, the service key, was good. */
function sessionInvalid(): Problem {
  return new Problem('session_invalid', { headers: { 'WWW-Authenticate': BEARER_CHALLENGE } })
}
