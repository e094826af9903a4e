/**
 * Hooks: questions to the developer's own code, which is another Worker's entrypoint bound as
 * `HOOKS`, or an object given to `createService`. Hooks fail closed: if one fails, is late or gives an
 * unusable answer, nobody who would have been denied gets in.
 */

import { Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { rejectOnAbort } from '../lib/abort'
import { isObject } from '../lib/encoding'
import { isJsonObject, type JsonObject } from '../lib/json'

/**
 * What the developer knows of a user: a JSON object of at most 1 KiB.
 *
 * @example
 * const claims: Claims = { role: 'admin' }
 */
export type Claims = JsonObject

/**
 * A user whose code has been exchanged, and who has no session yet.
 *
 * @example
 * const isBound = ({ unionid }: LoginEvent) => unionid !== null
 */
export interface LoginEvent {
  readonly appid: string
  readonly userId: string
  readonly openid: string
  /** `null` where the mini program is not bound to an Open Platform account. */
  readonly unionid: string | null
  readonly userAgent: string | null
}

/**
 * The answer of `onLogin`: claims for the session, a refusal, or nothing.
 *
 * @example
 * const decision: LoginDecision = banned ? { deny: true } : { claims: { role: 'reader' } }
 */
export type LoginDecision = { readonly claims: Claims } | { readonly deny: true } | null | undefined

/**
 * One message, as it goes to the Queue and to the hook.
 *
 * @example
 * const isPurchase = ({ event }: EventMessage) => event.Event === 'xpay_goods_deliver_notify'
 */
export interface EventMessage {
  /** SHA-256 of the message, base64url: the same for every delivery of it, and for no other. */
  readonly key: string
  readonly appid: string
  /** WeChat's fields, their names trimmed. */
  readonly event: Readonly<Record<string, unknown>>
}

/**
 * The answer of `onEvent`: what to reply to WeChat, or nothing.
 *
 * @example
 * const reply: EventReply = { ErrCode: 0, ErrMsg: 'success' }
 */
export type EventReply = string | Readonly<Record<string, unknown>> | null | undefined

/**
 * The hooks; each of them is optional.
 *
 * @example
 * const hooks: Hooks = { onLogin: ({ openid }) => (BLOCKED.has(openid) ? { deny: true } : null) }
 */
export interface Hooks {
  /** Called once per login, between exchange and store; it has 2 seconds. */
  onLogin?(login: LoginEvent): LoginDecision | Promise<LoginDecision>
  /** Called once per delivery of a pushed message; it and the Queue have 2.5 seconds together. */
  onEvent?(message: EventMessage): EventReply | Promise<EventReply>
}

/** What a call of a hook needs. */
export interface HookContext {
  readonly runtime: Runtime
  /** An object or entrypoint with methods of {@link Hooks}; `null` for none. */
  readonly hooks: object | null
}

/** How long the Queue and the hook have together for a delivery, which WeChat wants within 5 seconds. */
export const EVENT_MILLISECONDS = 2500

const LOGIN_MILLISECONDS = 2000
const CLAIMS_BYTES = 1024

const EVENT_DETAIL = 'The hook that takes this message has failed. It has to be sent again.'

/**
 * Asks whether a user may log in.
 *
 * @returns the claims for the session; `null` for none
 * @throws {Problem} `login_denied`, `hook_unavailable`
 */
export async function askLoginHook(
  context: HookContext,
  login: LoginEvent,
): Promise<Claims | null> {
  const signal = context.runtime.deadline(LOGIN_MILLISECONDS)
  const decision = await callHook(context.hooks, 'onLogin', login, signal)
  if (decision === MISSING || decision === undefined || decision === null) return null
  const names = isObject(decision) ? Object.keys(decision).join() : ''
  if (isObject(decision) && names === 'deny' && decision.deny === true) {
    throw new Problem('login_denied')
  }
  if (!isObject(decision) || names !== 'claims') {
    throw hookFailed('HOOKS.onLogin gave an answer that is neither claims nor deny')
  }
  if (!isJsonObject(decision.claims, CLAIMS_BYTES)) {
    throw hookFailed('HOOKS.onLogin gave claims that are not a JSON object of at most 1 KiB')
  }
  return decision.claims
}

/**
 * Asks for the reply to a pushed message.
 *
 * @returns `null` for none
 * @throws {Problem} `hook_unavailable`
 */
export async function askEventHook(
  { hooks }: HookContext,
  message: EventMessage,
  signal: AbortSignal,
): Promise<string | object | null> {
  const reply = await callHook(hooks, 'onEvent', message, signal)
  if (reply === MISSING || reply === undefined || reply === null) return null
  if (typeof reply === 'string' || isJsonObject(reply)) return reply
  throw hookFailed(
    'HOOKS.onEvent gave a reply that is neither a text nor a JSON object',
    EVENT_DETAIL,
  )
}

/**
 * Hands a message to the Queue.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function enqueue(queue: Queue, message: object, signal: AbortSignal): Promise<void> {
  try {
    await Promise.race([queue.send(message), rejectOnAbort(signal)])
  } catch {
    const reason = 'the Queue EVENTS did not take a message'
    throw new Problem('store_unavailable', { log: { reason } })
  }
}

/** The answer of a hook that does not exist. */
export const MISSING: unique symbol = Symbol('missing')

/** The answer of a hook, or {@link MISSING}. Rejects with `hook_unavailable`. */
export async function callHook(
  hooks: object | null,
  method: string,
  argument: object,
  signal: AbortSignal,
): Promise<unknown> {
  const call = hooks as Readonly<Record<string, unknown>> | null
  if (typeof call?.[method] !== 'function') return MISSING
  try {
    // As a method: a service binding has no function of its own.
    const answer = Promise.resolve(Reflect.apply(call[method], hooks, [argument]))
    return await Promise.race([answer, rejectOnAbort(signal)])
  } catch (error) {
    const detail = method === 'onLogin' ? undefined : EVENT_DETAIL
    if (signal.aborted) throw hookFailed(`HOOKS.${method} did not answer in time`, detail)
    if (isMissingMethod(error, method) && (await isMissing(call, method, signal))) return MISSING
    throw hookFailed(`HOOKS.${method} failed`, detail)
  }
}

/** workerd's error for a method that an entrypoint does not have. */
function isMissingMethod(error: unknown, method: string): boolean {
  const message = `The RPC receiver does not implement the method "${method}".`
  return error instanceof TypeError && error.message === message
}

/** A hook may throw the same error itself; then the method can still be read. */
async function isMissing(
  hooks: Readonly<Record<string, unknown>>,
  method: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await Promise.race([hooks[method], rejectOnAbort(signal)])
    return false
  } catch (error) {
    return isMissingMethod(error, method)
  }
}

/** The reason goes to the log and must hold nothing that the hook has said. */
function hookFailed(reason: string, detail?: string): Problem {
  return new Problem('hook_unavailable', { ...(detail && { detail }), log: { reason } })
}
