/** The payments app under test: the real routes, a WeChat Pay that verifies, a clock to set. */

import { createExecutionContext } from 'cloudflare:test'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Runtime } from '../../src/core/runtime'
import { rejectOnAbort } from '../../src/lib/abort'
import type { PaymentEvent, PaymentHooks } from '../../src/pay/events'
import { createHttpApp } from '../../src/pay/http/app'
import { createPayments } from '../../src/pay/payments'
import { createClock } from './clock'
import { expectAnswerHeaders } from './responses'
import { PAY_SETTINGS } from './wechat-pay'
import { type CallbackOptions, createCallback, createWeChatPay } from './wechat-pay-api'

export const PAY_SERVICE_KEY = 'p'.repeat(32)
export const APPID = 'wxd678efh567hg6787'
export const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'
export const NUMBER = 'A00001'
/** The body of an order. */
export const ORDER = {
  appid: APPID,
  openid: OPENID,
  outTradeNo: NUMBER,
  description: '一杯茶',
  total: 100,
}

/** How long each call of WeChat Pay takes, in milliseconds. */
export const WECHAT_PAY_MILLISECONDS = 20

/** Fields as the name of a test, which cannot hold every character. */
export function toName(fields: object): string {
  const toEscape = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(fields)
    .slice(0, 50)
    .replace(/[\u007f-\u009f\u2000-\u206f\ue000-\uffff]/g, toEscape)
}

export interface PayAppOptions {
  /** Settings that replace those of the test; `undefined` removes one. */
  readonly settings?: Record<string, unknown>
  /** Hosts that accept no connection. */
  readonly down?: readonly string[]
  /** Called before a host is probed. */
  readonly onProbe?: () => void
  readonly hooks?: PaymentHooks
}

/** Gives each test of a file an app of its own. WeChat Pay must find no fault in its requests. */
export function usePayApp(options: PayAppOptions = {}) {
  const app = createPayApp(options)
  const replace = (others: PayAppOptions = {}) => void Object.assign(app, createPayApp(others))
  beforeEach(() => replace(options))
  afterEach(() => expect(app.pay.violations).toEqual([]))
  return Object.assign(app, { replace })
}

export function createPayApp({
  settings = {},
  down = [],
  hooks,
  onProbe = () => {},
}: PayAppOptions = {}) {
  const clock = createClock()
  const pay = createWeChatPay({ now: () => clock.now })
  const log: string[] = []
  const tasks: Promise<unknown>[] = []
  const probed: string[] = []
  const signals: AbortSignal[] = []
  const deadlines: { milliseconds: number; end: () => void }[] = []
  const runtime: Runtime = {
    connects: async ({ host }) => {
      onProbe()
      probed.push(host)
      return !down.includes(host)
    },
    waitUntil: (task) => void tasks.push(task),
    now: () => clock.now,
    nowMilliseconds: clock.nowMilliseconds,
    sleep: async (milliseconds) => clock.pass(milliseconds),
    deadline: (milliseconds) => {
      const timer = new AbortController()
      const end = () => timer.abort(new DOMException('The time is over', 'TimeoutError'))
      deadlines.push({ milliseconds, end })
      return timer.signal
    },
    random: () => 0.5,
    log: (entry) => void log.push(JSON.stringify(entry)),
    fetch: async (request) => {
      clock.pass(WECHAT_PAY_MILLISECONDS)
      signals.push(request.signal)
      if (down.includes(new URL(request.url).host)) throw new TypeError('Network connection lost.')
      const copy = request.clone()
      const response = await Promise.race([pay.fetch(request), rejectOnAbort(request.signal)])
      const location = response.headers.get('Location')
      // As the platform does.
      const isFollowed = location !== null && request.redirect === 'follow'
      return isFollowed ? pay.fetch(new Request(location, copy)) : response
    },
  }
  const env = { ...PAY_SETTINGS, SERVICE_KEYS: PAY_SERVICE_KEY, ...settings }
  const service = createPayments(runtime, hooks && { hooks })
  const app = createHttpApp(service)

  async function receive(path: string, init: RequestInit): Promise<Response> {
    const request = new Request(`https://pay.example${path}`, init)
    const response = await app.fetch(request, env, createExecutionContext())
    await Promise.all(tasks.splice(0))
    expectAnswerHeaders(response)
    return response
  }

  /** As a backend does; without a key if it is `null`. */
  async function send(
    method: string,
    path: string,
    body?: unknown,
    key: string | null = PAY_SERVICE_KEY,
  ): Promise<PayReply> {
    const response = await receive(path, {
      method,
      headers: {
        ...(key !== null && { Authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const { status, headers } = response
    const text = await response.text()
    return { status, headers, answer: text === '' ? null : JSON.parse(text) }
  }

  /** Delivers a callback with these headers and this body. */
  async function deliver({ headers, body }: { headers: HeadersInit; body: BodyInit }) {
    const response = await receive('/wechat/pay/events', { method: 'POST', headers, body })
    const text = await response.text()
    return { status: response.status, answer: text === '' ? null : JSON.parse(text) }
  }

  return {
    /** The service behind the app, as RPC has it: for these bindings. */
    service,
    bindings: env,
    clock,
    pay,
    /** All lines of the log. */
    log,
    /** The hosts that have been probed, in order. */
    probed,
    /** What aborts each request, in the order of the requests. */
    signals,
    /** The deadlines that have been set, each with a function that ends its time. */
    deadlines,
    receive,
    send,
    deliver,
    /** Makes a callback and delivers it. */
    notify: async (type: string, fields: object | string, options?: CallbackOptions) =>
      deliver(await createCallback(type, fields, clock.now, options)),
  }
}

export interface PayReply {
  readonly status: number
  readonly headers: Headers
  readonly answer: Record<string, unknown> & {
    readonly errors?: { path: string; message: string }[]
  }
}

/** A hook that records the events, and does what `handle` says. */
export function recordingHooks(handle: (event: PaymentEvent) => unknown = () => null) {
  const events: PaymentEvent[] = []
  const hooks: PaymentHooks = {
    onPayment: (event) => {
      events.push(event)
      return handle(event)
    },
  }
  return { events, hooks }
}
