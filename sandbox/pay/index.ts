/** WeChat Pay in the sandbox: its server API, the phone's side of it, and a shop. */

import { Hono } from 'hono'
import type { FindUser } from '../phone-request'
import { createPayApi } from './api'
import { callbackRequest } from './callbacks'
import { createPayFaults } from './faults'
import { createMerchant, MCHID, type Merchant, NOTIFY_URL, toSettings } from './merchant'
import { createOrders } from './orders'
import { createPayPhone } from './phone'
import { createRefunds } from './refunds'
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
  const orders = createOrders({ mchid: MCHID, isBound: (appid) => appids.includes(appid), now })
  const refunds = createRefunds({ orders, now })
  const faults = createPayFaults()

  let made: Promise<Merchant> | undefined
  /** A Worker cannot make keys before its first request. */
  function merchant(): Promise<Merchant> {
    made ??= createMerchant()
    return made
  }

  const settings = async () => toSettings(await merchant())

  /** The paths under /sandbox/. */
  function createControls(findUser: FindUser): Hono {
    const phone = createPayPhone({
      merchant,
      orders,
      refunds,
      faults,
      findUser,
      settings,
      callBack: async (event, fault) => {
        const context = { merchant: await merchant(), now: now() }
        const request = await callbackRequest(event, context, fault)
        return request.url === NOTIFY_URL ? deliver(request) : deliverElsewhere(request)
      },
    })
    const shop = createShop({ findUserId, callPayments })
    return new Hono().route('/', phone).route('/shop', shop)
  }

  return {
    api: createPayApi({ now, merchant, orders, refunds, faults }),
    createControls,
    /** The settings of the payments Worker. */
    settings,
  }
}

/** A callback that reaches nobody does not undo the payment. */
function deliverElsewhere(request: Request): Promise<Response> {
  return fetch(request).catch(
    () => new Response(`There is no response from ${request.url}\n`, { status: 502 }),
  )
}
