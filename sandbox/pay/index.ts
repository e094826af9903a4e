/** WeChat Pay in the sandbox: its server API, the phone's side of it, and a shop. */

import { Hono } from 'hono'
import type { FindUser } from '../phone-request'
import { createPayApi } from './api'
import { callbackRequest } from './callbacks'
import { createPayFaults } from './faults'
import { createKeys, NOTIFY_URL, type PayKeys, toSettings } from './keys'
import { createOrders } from './orders'
import { createPayPhone } from './phone'
import { createShop } from './shop'

export interface SandboxPayOptions {
  /** The mini programs that are bound to the merchant. */
  readonly appids: readonly string[]
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** Sends a callback to the payments Worker of the sandbox. */
  readonly deliver: (request: Request) => Promise<Response>
  readonly findUserId: (token: string) => Promise<string>
  readonly callPayments: (method: string, path: string, body?: object) => Promise<Response>
}

export type SandboxPay = ReturnType<typeof createSandboxPay>

export function createSandboxPay(options: SandboxPayOptions) {
  const { appids, now, deliver, findUserId, callPayments } = options
  const orders = createOrders({ appids, now })
  const faults = createPayFaults()

  let made: Promise<PayKeys> | undefined
  /** A Worker cannot make keys before its first request. */
  function keys(): Promise<PayKeys> {
    made ??= createKeys()
    return made
  }

  const settings = async () => toSettings(await keys())

  /** The paths under /sandbox/. */
  function createControls(findUser: FindUser): Hono {
    const phone = createPayPhone({
      ...{ keys, orders, faults, findUser, settings },
      callBack: async (outcome, fault) => {
        const context = { keys: await keys(), now: now(), ...(fault && { fault }) }
        const request = await callbackRequest(outcome, context)
        return request.url === NOTIFY_URL ? deliver(request) : deliverElsewhere(request)
      },
    })
    const shop = createShop({ findUserId, callPayments })
    return new Hono().route('/', phone).route('/shop', shop)
  }

  return {
    api: createPayApi({ now, keys, orders, faults }),
    createControls,
    /** The settings of the payments Worker. */
    settings,
  }
}

/** A callback that reaches nobody does not undo the payment. */
function deliverElsewhere(request: Request): Promise<Response> {
  return fetch(request).catch(
    () => new Response(`Nobody answers ${request.url}\n`, { status: 502 }),
  )
}
