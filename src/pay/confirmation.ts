/**
 * Refusals that are final: the order is closed, is paid, or has other fields. WeChat Pay may send them
 * unsigned, and they name no number, so that a forged or recorded one could make somebody sell twice.
 * They count only if the signed response to a query about this number agrees.
 */

import { Problem } from '../core/problem'
import {
  callWeChatPay,
  type PayContext,
  type PayFields,
  type PayRequest,
  startDeadline,
} from './api'
import { payProblem } from './errors'

/** Whether a state agrees with a refusal, by the refusal's code. */
const AGREEMENTS = new Map<string, (state: string) => boolean>([
  ['order_closed', (state) => state === 'CLOSED'],
  ['order_paid', (state) => state === 'SUCCESS' || state === 'REFUND'],
  ['order_exists', () => true],
])

/**
 * Makes a call, and confirms a final refusal before the call's own deadline.
 *
 * @param queryState Queries the order or the refund that the call is about: its state
 * @throws {Problem} as callWeChatPay does; `pay_unavailable` instead of a refusal that is not confirmed
 */
export async function callAndConfirm(
  context: PayContext,
  request: PayRequest,
  queryState: (signal: AbortSignal) => Promise<string>,
): Promise<PayFields> {
  const signal = startDeadline(context)
  try {
    return await callWeChatPay(context, request, signal)
  } catch (error) {
    const agrees = error instanceof Problem && AGREEMENTS.get(error.code)
    if (!agrees) throw error
    throw await confirm(error, agrees, queryState(signal))
  }
}

/** The refusal, or the problem that nothing confirms it. */
async function confirm(
  refusal: Problem<string>,
  agrees: (state: string) => boolean,
  queried: Promise<string>,
): Promise<Problem<string>> {
  const { reason, ...log } = refusal.options.log ?? {}
  const toUnconfirmed = (why: string) =>
    payProblem('pay_unavailable', { log: { ...log, reason: `${reason}, not confirmed: ${why}` } })
  try {
    const state = await queried
    return agrees(state) ? refusal : toUnconfirmed(`a query says ${state}`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return toUnconfirmed(`the query failed: ${error.options.log?.reason ?? error.code}`)
  }
}
