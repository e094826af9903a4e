/** The hooks of the login Worker: they keep users in D1, or ask a backend elsewhere. */

import { WorkerEntrypoint } from 'cloudflare:workers'
import type {
  EventMessage,
  EventReply,
  LoginDecision,
  LoginEvent,
  Hooks as LoginHooks,
} from 'code2session'
import { findBackend, forward } from './forward'
import { closeAccount, recordLogin } from './users'

interface Env {
  readonly DB: D1Database
  /** Where a backend of yours answers instead of D1. */
  readonly BACKEND_URL?: string
  /** Signs the requests to it. */
  readonly BACKEND_SECRET?: string
}

// The login Worker calls the entrypoint below; nothing is served over HTTP.
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>

/** Bind to it from the login Worker as `HOOKS`, with `entrypoint = "Hooks"`. */
export class Hooks extends WorkerEntrypoint<Env> implements LoginHooks {
  async onLogin(login: LoginEvent): Promise<LoginDecision> {
    const backend = findBackend(this.env)
    if (backend) return forward<LoginDecision>(backend, 'onLogin', login)
    const accounts = await recordLogin(this.env.DB, login)
    if (accounts.some(({ status }) => status === 'blocked')) return { deny: true }
    const [{ id, roles }] = accounts
    return { claims: { accountId: id, roles } }
  }

  async onEvent(message: EventMessage): Promise<EventReply> {
    const backend = findBackend(this.env)
    if (backend) return forward<EventReply>(backend, 'onEvent', message)
    const { appid, event } = message
    const { Event, OpenID } = event
    if (Event === 'user_authorization_cancellation' && typeof OpenID === 'string') {
      await closeAccount(this.env.DB, { appid, openid: OpenID })
    }
    return null
  }
}
