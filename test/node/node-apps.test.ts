/** What code2session/node gives, with hooks and without any. */

import { Hono } from 'hono'
import { expect, it, vi } from 'vitest'
import { createApp, createPaymentApp, requireSession } from '../../src/node'
import { toNamespace } from '../../src/server/store'
import { CREDENTIALS } from '../support/environment'
import { PAID } from '../support/paid'
import { EMPTY_STORE } from '../support/store-contract'
import { PAY_SETTINGS } from '../support/wechat-pay'
import { createCallback } from '../support/wechat-pay-api'

const ENV = { ...CREDENTIALS, SESSIONS: toNamespace(EMPTY_STORE) }
const PAY_ENV = { ...PAY_SETTINGS, SERVICE_KEYS: 'p'.repeat(32) }

it('createApp serves the login, and calls its hooks', async () => {
  expect((await createApp().request('/health', {}, ENV)).status).toBe(200)
  const findMiniProgram = vi.fn(() => null)
  const body = JSON.stringify({ code: 'unknown', appid: 'wx5823bf96d3bd56c7' })
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
  const response = await createApp({ hooks: { findMiniProgram } }).request('/login', init, ENV)
  expect(await response.json()).toMatchObject({ code: 'appid_unknown' })
  expect(findMiniProgram).toHaveBeenCalledOnce()
})

it('requireSession lets nobody through without a session', async () => {
  const app = new Hono().get('/me', requireSession(), (c) => c.text('in'))
  expect((await app.request('/me', {}, ENV)).status).toBe(401)
})

it('createPaymentApp serves payments, and calls its hooks', async () => {
  expect((await createPaymentApp().request('/health', {}, PAY_ENV)).status).toBe(200)
  const onPayment = vi.fn()
  const callback = await createCallback('TRANSACTION.SUCCESS', PAID, Math.floor(Date.now() / 1000))
  const init = { method: 'POST', ...callback }
  const app = createPaymentApp({ hooks: { onPayment } })
  expect((await app.request('/wechat/pay/events', init, PAY_ENV)).status).toBe(204)
  expect(onPayment).toHaveBeenCalledOnce()
})
