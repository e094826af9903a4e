/** What the package gives to a server of one's own on Node 24 or later, as `code2session/node`. */

import { type AppOptions, createHttpApp } from './login/http/app'
import { createSessionGuard, type RequireSessionOptions } from './login/http/require-session'
import { createService } from './login/service'
import { createHttpApp as createPayHttpApp, type PaymentAppOptions } from './pay/http/app'
import { createPayments } from './pay/payments'
import { installPlatform } from './server/platform'
import { serverRuntime } from './server/runtime'

export type { ErrorCode } from './core/errors'
export { Problem, type ProblemDetails } from './core/problem'
export type { Runtime } from './core/runtime'
export type {
  Claims,
  EventMessage,
  EventReply,
  Hooks,
  LoginDecision,
  LoginEvent,
  MiniProgramAnswer,
} from './login/hooks'
export type { AppOptions } from './login/http/app'
export type { RequireSessionOptions } from './login/http/require-session'
export type { VerifiedSession } from './login/http/views'
export { createService, type Service, type ServiceOptions } from './login/service'
export type { EncryptionKey } from './login/wechat/session-key'
export type { SubscribeMessage } from './login/wechat/subscribe-message'
export type { PayErrorCode, PaymentsErrorCode } from './pay/errors'
export type { PaymentEvent, PaymentHooks } from './pay/events'
export type { PaymentAppOptions } from './pay/http/app'
export type { Order, Payment } from './pay/orders'
export { createPayments, type Payer, type Payments, type PaymentsOptions } from './pay/payments'
export type { Refund, RefundRequest } from './pay/refunds'
export type { PaymentParameters } from './pay/signature'
export { serverRuntime } from './server/runtime'

installPlatform()

/**
 * Makes the HTTP API. Make it once and keep it: access_tokens and logins in progress are shared
 * within it. `env` has the settings, and `SESSIONS` in the shape of a KV namespace.
 *
 * @example
 * const app = createApp()
 * serve({ fetch: (request) => app.fetch(request, { ...process.env, SESSIONS }) })
 */
export function createApp({
  hooks,
  service = createService(serverRuntime, hooks ? { hooks } : {}),
}: AppOptions = {}) {
  return createHttpApp(service)
}

/**
 * Middleware that puts the session of the request's bearer token in `c.var.session`.
 *
 * Without a live session it throws a {@link Problem} of status 401, and of 503 where the store
 * cannot tell. Hono answers with it unless the app has an `onError` of its own, which can call
 * `error.getResponse()`.
 *
 * @example
 * app.get('/me', requireSession(), (c) => c.json({ you: c.var.session.userId }))
 */
export function requireSession({
  service = createService(serverRuntime),
}: RequireSessionOptions = {}) {
  return createSessionGuard(service)
}

/**
 * Makes the HTTP API of payments. Make it once and keep it: keys are imported once.
 *
 * @example
 * const app = new Hono().route('/', createPaymentApp())
 */
export function createPaymentApp({
  hooks,
  payments = createPayments(serverRuntime, hooks ? { hooks } : {}),
}: PaymentAppOptions = {}) {
  return createPayHttpApp(payments)
}
