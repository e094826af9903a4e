/**
 * Hooks: questions to the developer's own code, which is another Worker's entrypoint bound as
 * `HOOKS`, or an object given to `createService`. Hooks fail closed: if one fails, is late or gives an
 * unusable answer, nobody who would have been denied gets in.
 */

import { callHook, EVENT_DETAIL, MISSING, type Reading, readAnswer } from '../core/hook-calls'
import { Problem } from '../core/problem'
import type { Runtime } from '../core/runtime'
import { isObject, utf8 } from '../lib/encoding'
import { type JsonObject, toJson } from '../lib/json'
import { type FoundMiniProgram, parseMiniProgram } from './mini-programs'

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
 * The answer of `findMiniProgram`: the credentials of a mini program that is yours, or nothing. Without
 * `push`, its push endpoint is off; without `aesKey`, WeChat pushes in plain mode.
 *
 * @example
 * const answer: MiniProgramAnswer = { appsecret, push: { token: 'AAAAA' } }
 */
export type MiniProgramAnswer =
  | {
      readonly appsecret: string
      readonly push?: { readonly token: string; readonly aesKey?: string | null } | null
    }
  | null
  | undefined

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
  /** Called for an AppID that the settings do not have, once a minute; it has 2 seconds. */
  findMiniProgram?(request: {
    readonly appid: string
  }): MiniProgramAnswer | Promise<MiniProgramAnswer>
}

/** What a call of a hook needs. */
export interface HookContext {
  readonly runtime: Runtime
  /** An object or entrypoint with methods of {@link Hooks}; `null` for none. */
  readonly hooks: object | null
}

/** How long the login hook has, and `findMiniProgram`. */
export const HOOK_MILLISECONDS = 2000
const CLAIMS_BYTES = 1024
const REPLY_BYTES = 64 * 1024

/**
 * Asks whether a user may log in.
 *
 * @returns the claims for the session; `null` for none
 * @throws {Problem} `login_denied`, `hook_unavailable`
 */
export async function askLoginHook(
  { runtime, hooks }: HookContext,
  login: LoginEvent,
): Promise<Claims | null> {
  const signal = runtime.deadline(HOOK_MILLISECONDS)
  const call = { method: 'onLogin', argument: login, signal }
  const decision = readAnswer(call, await callHook(hooks, call), readDecision)
  if (decision === 'deny') throw new Problem('login_denied')
  return decision
}

function readDecision(answer: unknown): Reading<Claims | 'deny'> {
  const names = isObject(answer) ? Object.keys(answer).join() : ''
  if (isObject(answer) && names === 'deny' && answer.deny === true) return { value: 'deny' }
  if (!isObject(answer) || names !== 'claims') {
    return { fault: 'an answer that is neither claims nor deny' }
  }
  const json = toJson(answer.claims, CLAIMS_BYTES)
  return json === null
    ? { fault: 'claims that are not a JSON object of at most 1 KiB' }
    : { value: JSON.parse(json) }
}

/**
 * Asks for the reply to a pushed message.
 *
 * @returns the exact text of the reply; `null` for none
 * @throws {Problem} `hook_unavailable`
 */
export async function askEventHook(
  { hooks }: HookContext,
  message: EventMessage,
  signal: AbortSignal,
): Promise<string | null> {
  const call = { method: 'onEvent', argument: message, signal, detail: EVENT_DETAIL }
  return readAnswer(call, await callHook(hooks, call), readReply)
}

function readReply(answer: unknown): Reading<string> {
  const reply = typeof answer === 'string' ? toShortText(answer) : toJson(answer, REPLY_BYTES)
  return reply === null
    ? { fault: 'a reply that is not a text or a JSON object of at most 64 KiB' }
    : { value: reply }
}

function toShortText(text: string): string | null {
  // The first comparison costs nothing, and a text has at least as many bytes as characters.
  return text.length <= REPLY_BYTES && utf8(text).length <= REPLY_BYTES ? text : null
}

/** How the question for a mini program is put. Nothing is spent by then, so it can be repeated. */
export const FIND_MINI_PROGRAM = { method: 'findMiniProgram', action: 'retry_later' } as const

/**
 * Asks for a mini program.
 *
 * @returns `null` for one that is not the developer's; {@link MISSING} without such a hook
 * @throws {Problem} `hook_unavailable`
 */
export async function askMiniProgramHook(
  { runtime, hooks }: HookContext,
  appid: string,
): Promise<FoundMiniProgram | null | typeof MISSING> {
  const signal = runtime.deadline(HOOK_MILLISECONDS)
  const call = { ...FIND_MINI_PROGRAM, argument: { appid }, signal, appid }
  const answer = await callHook(hooks, call)
  if (answer === MISSING) return MISSING
  return readAnswer(call, answer, (found) => {
    const value = parseMiniProgram(appid, found)
    return value ? { value } : { fault: 'an answer that is no mini program' }
  })
}
