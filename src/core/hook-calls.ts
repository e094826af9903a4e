/**
 * Calls of hooks, and of the Queue: the developer's own code, which is another Worker's entrypoint
 * bound as `HOOKS`, or an object given to a service. It can fail, be late or lack a method.
 */

import { rejectOnAbort } from '../lib/abort'
import type { Action } from './error-row'
import { ERRORS } from './errors'
import { Problem } from './problem'

/** How long the Queue and the hook have together for a delivery, which WeChat wants within 5 seconds. */
export const EVENT_MILLISECONDS = 2500

/** What the sender of a delivery reads of a hook that has failed. */
export const EVENT_DETAIL = 'The hook that takes this message has failed. It has to be sent again.'

/** The answer of a hook that does not exist. */
export const MISSING: unique symbol = Symbol('missing')

/** How a hook is called. */
export interface HookCall {
  readonly method: string
  readonly argument: object
  /** When the answer comes too late. */
  readonly signal: AbortSignal
  /** What the caller reads of a failure, where the error table's text does not fit. */
  readonly detail?: string
  /** What the caller should do after a failure, where the error table's action does not fit. */
  readonly action?: Action
  /** The mini program that a failure concerns, for the log. */
  readonly appid?: string
}

/**
 * Calls a hook.
 *
 * @param hooks An object or entrypoint with methods; `null` for none
 * @returns The hook's answer, or {@link MISSING}
 * @throws {Problem} `hook_unavailable`
 */
export async function callHook(hooks: object | null, call: HookCall): Promise<unknown> {
  try {
    return await ask(hooks as Readonly<Record<string, unknown>> | null, call)
  } catch {
    throw hookFailed(call, call.signal.aborted ? 'did not answer in time' : 'failed')
  }
}

async function ask(
  hooks: Readonly<Record<string, unknown>> | null,
  { method, argument, signal }: HookCall,
): Promise<unknown> {
  const hook = hooks?.[method]
  if (!hooks || typeof hook !== 'function') return MISSING
  try {
    // As a method: a service binding has no function of its own.
    const answer = Promise.resolve(Reflect.apply(hook, hooks, [argument]))
    return await Promise.race([answer, rejectOnAbort(signal)])
  } catch (error) {
    if (isMissingMethod(error, method) && (await isMissing(hooks, method, signal))) return MISSING
    throw error
  }
}

/** Whether there is such a hook. It is not called. */
export async function hasHook(
  hooks: object | null,
  { method, signal }: Pick<HookCall, 'method' | 'signal'>,
): Promise<boolean> {
  const named = hooks as Readonly<Record<string, unknown>> | null
  return typeof named?.[method] === 'function' && !(await isMissing(named, method, signal))
}

/** What a hook's answer says, or what the hook gave instead of one that can be used. */
export type Reading<Value> = { readonly value: Value } | { readonly fault: string }

/**
 * What a hook's answer says. Reading it can fail, too: its getters are the developer's code.
 *
 * @returns `null` for an answer that says nothing, or {@link MISSING}
 * @throws {Problem} `hook_unavailable`
 */
export function readAnswer<Value>(
  call: HookCall,
  answer: unknown,
  read: (answer: NonNullable<unknown>) => Reading<Value>,
): Value | null {
  if (answer === MISSING || answer === undefined || answer === null) return null
  const reading = attempt(() => read(answer))
  if ('value' in reading) return reading.value
  throw hookFailed(call, `gave ${reading.fault}`)
}

function attempt<Value>(read: () => Reading<Value>): Reading<Value> {
  try {
    return read()
  } catch {
    return { fault: 'an answer that cannot be read' }
  }
}

/**
 * The problem of a hook that has failed.
 *
 * @param what What happened, for the log. It must hold nothing that the hook has said.
 */
export function hookFailed(
  { method, detail, action, appid }: Omit<HookCall, 'argument' | 'signal'>,
  what: string,
): Problem {
  const log = { reason: `HOOKS.${method} ${what}`, ...(appid && { appid }) }
  const row = action && { ...ERRORS.hook_unavailable, action }
  return new Problem('hook_unavailable', { ...(detail && { detail }), log }, row)
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
