/** The hooks of both Workers, with users and orders in D1 or at a backend elsewhere, and a shop. */

import { WorkerEntrypoint } from 'cloudflare:workers'
import type {
  EventMessage,
  EventReply,
  LoginDecision,
  LoginEvent,
  Hooks as LoginHooks,
  MiniProgramAnswer,
} from 'code2session'
import type { PaymentEvent, PaymentHooks } from 'code2session/pay'
import { findBackend, forward } from './forward'
import { findMiniProgram, type MiniProgramsEnv } from './mini-programs'
import { onPayment, queryOrders } from './payments'
import { findShop, handleShop, NO_SHOP, type ShopEnv } from './shop'
import { closeAccount, recordLogin } from './users'

/** `LOGIN` and `PAY` are for the shop. The hooks work without them. */
interface Env extends Partial<ShopEnv>, MiniProgramsEnv {
  readonly DB: D1Database
  /** Where a backend of yours answers instead of D1. */
  readonly BACKEND_URL?: string
  /** Signs the requests to it. */
  readonly BACKEND_SECRET?: string
}

// Other Workers call the entrypoint below; only the shop is served over HTTP.
export default {
  async fetch(request, env) {
    // That backend has the orders, so it is the shop.
    if (findBackend(env)) return new Response(null, { status: 404 })
    return handleShop(request, env)
  },
  async scheduled(_, env) {
    if (findBackend(env)) return
    const shop = findShop(env)
    if (!shop) throw new Error(NO_SHOP)
    await queryOrders(shop)
  },
} satisfies ExportedHandler<Env>

/** Bind to it as `HOOKS`, from the login Worker and the payments Worker, with `entrypoint = "Hooks"`. */
export class Hooks extends WorkerEntrypoint<Env> implements LoginHooks, PaymentHooks {
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

  async findMiniProgram(request: { appid: string }): Promise<MiniProgramAnswer> {
    const backend = findBackend(this.env)
    if (backend) return forward<MiniProgramAnswer>(backend, 'findMiniProgram', request)
    return findMiniProgram(this.env, request.appid)
  }

  async onPayment(event: PaymentEvent): Promise<void> {
    const backend = findBackend(this.env)
    if (backend) await forward(backend, 'onPayment', event)
    else await onPayment(this.env.DB, event)
  }
}
