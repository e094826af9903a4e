/** `wrangler dev` with the configurations of the payments Worker and the login Worker. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevServer, startWrangler } from '../support/dev-server'
import { APPID, CREDENTIALS, send } from '../support/environment'
import { PAY_SETTINGS } from '../support/wechat-pay'
import { createCallback } from '../support/wechat-pay-api'
import { startWeChatPay, type WeChatPayServer } from '../support/wechat-pay-server'

const KEY = 'p'.repeat(32)
const order = (outTradeNo: string) => ({ outTradeNo, description: '一杯茶', total: 100 })

let wechatPay: WeChatPayServer
let dev: DevServer
const dir = mkdtempSync(join(tmpdir(), 'code2session-pay-'))

beforeAll(async () => {
  wechatPay = await startWeChatPay()
  const pay = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: wechatPay.url, SERVICE_KEYS: KEY }
  dev = await startWrangler([
    ...['--env-file=test/wrangler.env', 'node_modules/wrangler/bin/wrangler.js', 'dev'],
    ...['-c', copyConfig('pay', 'src/pay/wrangler.toml', pay)],
    ...['-c', copyConfig('login', 'wrangler.toml', CREDENTIALS)],
  ])
})
afterAll(async () => {
  await dev.stop()
  await wechatPay.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A copy of a configuration with these settings, and secrets beside it: its path. */
function copyConfig(name: string, config: string, settings: Readonly<Record<string, string>>) {
  const folder = join(dir, name)
  mkdirSync(folder)
  let text = readFileSync(config, 'utf8')
    .replace(/^main = "(.*)"/m, (_, main) => `main = "${resolve(config, '..', main)}"`)
    .replace(/^directory = "(.*)"/m, (_, path) => `directory = "${resolve(path)}"`)
    .replace(/^required = .*$/m, `required = ${JSON.stringify(Object.keys(settings))}`)
  for (const setting of Object.keys(settings)) {
    text = text.replace(new RegExp(`^${setting} = .*$`, 'm'), '')
  }
  writeFileSync(join(folder, 'wrangler.toml'), text)
  const lines = Object.entries(settings).map(([key, value]) => `${key}="${value}"\n`)
  writeFileSync(join(folder, '.dev.vars'), lines.join(''))
  return join(folder, 'wrangler.toml')
}

describe('wrangler dev with the configuration of payments, and that of the login behind it', () => {
  it('an order goes through, and the login Worker knows that a token has ended', async () => {
    const url = new URL(dev.url())
    const place = (body: object) => send(url, 'POST', '/payments', { token: KEY, body })
    expect((await place({ appid: APPID, openid: 'oUser', ...order('DEV00001') })).status).toBe(200)
    expect(await place({ token: 'ended', ...order('DEV00002') })).toMatchObject({
      status: 401,
      answer: { code: 'session_invalid' },
    })
    const { headers, body } = await createCallback('SECURITY_ECHO.SUCCESS', {}, wechatPay.now())
    const callback = new URL('/wechat/pay/events', url)
    expect((await fetch(callback, { method: 'POST', headers, body })).status).toBe(204)
    expect(wechatPay.violations).toEqual([])
  })
})
