/** Failures of WeChat Pay, on request: its codes, and responses that must not be believed. */

import { isPayRefusal, type PayRefusal, type PayResponse } from './responses'
import { isSignatureFault, type SignatureFault } from './signatures'

/** `replayed` is a signed response about another order or refund. */
export type PayFault = PayRefusal | SignatureFault | 'replayed'
/** Changes a response before it is signed. It may throw, as a connection fails. */
export type Tamper = (response: PayResponse) => PayResponse | Promise<PayResponse>
export type PayFaults = ReturnType<typeof createPayFaults>

export function isPayFault(value: unknown): value is PayFault {
  return isPayRefusal(value) || isSignatureFault(value) || value === 'replayed'
}

export function createPayFaults() {
  let queue: { api: string; fault: PayFault | Tamper }[] = []
  return {
    /** @param api The path of the calls that fail, or what it begins with up to a slash */
    add(api: string, fault: PayFault | Tamper, times: number): void {
      for (let left = Math.min(times, 100); left > 0; left--) queue.push({ api, fault })
    },
    /** Removes all faults of these calls, or of every call. */
    clear(api?: string): void {
      queue = queue.filter((failure) => api !== undefined && failure.api !== api)
    },
    /** Removes the next fault of this path from the queue, and returns it; or `null`. */
    take(path: string): PayFault | Tamper | null {
      const index = queue.findIndex(({ api }) => path === api || path.startsWith(`${api}/`))
      return index < 0 ? null : (queue.splice(index, 1)[0]?.fault ?? null)
    },
  }
}
