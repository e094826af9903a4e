/** A payments app whose only order is paid, so that WeChat Pay calls back. */

import { beforeEach } from 'vitest'
import type { PaymentEvent } from '../../src/pay/events'
import { NUMBER, ORDER, recordingHooks, usePayApp } from './pay-app'

/** Gives each test of a file such an app, and hooks that record what they get. */
export function usePaidOrder() {
  const app = usePayApp()
  const recorded = recordingHooks()

  /** An app whose only order is paid, with these hooks and bindings. */
  async function start(
    handle?: (event: PaymentEvent) => unknown,
    settings: Record<string, unknown> = {},
  ) {
    Object.assign(recorded, recordingHooks(handle))
    app.replace({ hooks: recorded.hooks, settings })
    await placePaidOrder()
  }

  async function placePaidOrder() {
    await app.send('POST', '/payments', ORDER)
    app.pay.pay(NUMBER)
    app.log.length = 0
  }

  beforeEach(() => start())

  /** The fields of the order's callback. */
  const paid = () => app.pay.toTransaction(NUMBER)
  return { app, recorded, start, placePaidOrder, paid }
}
