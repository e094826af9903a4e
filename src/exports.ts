/** What the package gives to a Worker of your own: see examples/hono-app. */

export { createApp } from './app'
export { type Core, createCore } from './core'
export type { ErrorCode } from './errors'
export type { EventMessage } from './events'
export { createLoginService, type Outcome } from './login-service'
export { Problem, type ProblemDetails } from './problem'
export { requireSession } from './require-session'
export type { SubscribeMessage } from './schemas'
export type { VerifiedSession } from './views'
