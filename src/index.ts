/** What the package gives to a Worker of your own: see examples/hono-app. */

export type { ErrorCode } from './errors'
export { createApp } from './http/app'
export { requireSession } from './http/require-session'
export type { SubscribeMessage } from './http/schemas'
export type { VerifiedSession } from './http/views'
export { createLoginService, type Outcome } from './login-service'
export { Problem, type ProblemDetails } from './problem'
export type { EventMessage } from './push-events'
export { type Core, createCore } from './service'
