/** What the package gives to a Worker of one's own: see examples/hono-app. */

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
} from './login/hooks'
export { type AppOptions, createApp } from './login/http/app'
export { type RequireSessionOptions, requireSession } from './login/http/require-session'
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
