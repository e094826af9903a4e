/** What the package gives to a Worker of one's own: see examples/hono-app. */

import { type AppOptions, createHttpApp } from './login/http/app'
import { createSessionGuard, type RequireSessionOptions } from './login/http/require-session'
import { createService } from './login/service'
import { workersRuntime } from './workers/runtime'

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
export {
  createLoginService,
  type EncryptedOpenData,
  type LoginServiceMethods,
  type LoginServiceOptions,
  type Outcome,
  type RpcSession,
} from './workers/login-service'
export type { WeChatCallOptions } from './workers/pass-through-call'
export { workersRuntime } from './workers/runtime'

/**
 * Makes the HTTP API. Make it once and keep it: access_tokens and logins in progress are shared
 * within it.
 *
 * @example
 * const app = new Hono().route('/auth', createApp())
 */
export function createApp({
  hooks,
  service = createService(workersRuntime, hooks ? { hooks } : {}),
}: AppOptions = {}) {
  return createHttpApp(service)
}

/**
 * Middleware that puts the session of the request's bearer token in `c.var.session`.
 *
 * Without a live session it throws a {@link Problem} of status 401, and of 503 where KV cannot
 * tell. Hono answers with it unless the app has an `onError` of its own, which can call
 * `error.getResponse()`.
 *
 * @example
 * app.get('/me', requireSession(), (c) => c.json({ you: c.var.session.userId }))
 */
export function requireSession({
  service = createService(workersRuntime),
}: RequireSessionOptions = {}) {
  return createSessionGuard(service)
}
