/** The settings of the payments Worker: what is accepted, and how what is wrong is named. */

import { describe, expect, it } from 'vitest'
import { parsePayConfig } from '../../src/pay/config'
import { createPayApp, ORDER, PAY_SERVICE_KEY, recordingHooks } from '../support/pay-app'
import { findFaults } from '../support/pay-faults'
import { API_V3_KEY, MERCHANT, PAY_SETTINGS, PUBLIC_KEY_ID } from '../support/wechat-pay'

const { private_pkcs8_pem: PRIVATE, private_pkcs1_pem: PKCS1 } = MERCHANT

describe('other settings', () => {
  it('two hosts of WeChat Pay are the default, and service keys, LOGIN, HOOKS and EVENTS are off', async () => {
    expect(await parsePayConfig(PAY_SETTINGS)).toMatchObject({
      apiBases: ['https://api.mch.weixin.qq.com', 'https://api2.mch.weixin.qq.com'],
      serviceKeys: { value: null },
      login: null,
      hooks: null,
      events: { value: null },
    })
  })

  it.each([
    ['WECHAT_PAY_API_BASE', 'http://127.0.0.1:8790', true],
    ['WECHAT_PAY_API_BASE', 'http://localhost:8790/', true],
    ['WECHAT_PAY_API_BASE', 'http://[::1]:8790, https://api2.mch.weixin.qq.com', true],
    ['WECHAT_PAY_API_BASE', 'http://api.mch.weixin.qq.com', false],
    ['WECHAT_PAY_API_BASE', 'http://127.0.0.1.example', false],
    ['WECHAT_PAY_API_BASE', 'http://127...', false],
    ['WECHAT_PAY_API_BASE', 'https://api.mch.weixin.qq.com,http://10.0.0.1', false],
    ['WECHAT_PAY_API_BASE', 'https://user:secret@api.mch.weixin.qq.com', false],
    ['WECHAT_PAY_MCHID', '1900007291', true],
    ['WECHAT_PAY_MCHID', 'wx4f4bc4dec97d474b', false],
    ['WECHAT_PAY_CERT_SERIAL_NO', '444F4864EA9B34415', true],
    ['WECHAT_PAY_CERT_SERIAL_NO', PUBLIC_KEY_ID, false],
    ['WECHAT_PAY_CERT_SERIAL_NO', '444F4864EA9B34415, PEM', false],
    ['WECHAT_PAY_CERT_SERIAL_NO', 'serial 444F4864EA9B34415', false],
    ['WECHAT_PAY_MCHID', '1900007291x', false],
    ['WECHAT_PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_0114232134912410', true],
    ['WECHAT_PAY_PUBLIC_KEY_ID', '444F4864EA9B34415', false],
    ['WECHAT_PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_', false],
    ['WECHAT_PAY_PUBLIC_KEY_ID', 'the PUB_KEY_ID_0114232134912410', false],
    ['WECHAT_PAY_PUBLIC_KEY_ID', 'PUB_KEY_ID_0114232134912410, PEM', false],
    ['WECHAT_PAY_NOTIFY_URL', `https://pay.example/${'x'.repeat(235)}`, true],
    ['WECHAT_PAY_NOTIFY_URL', `https://pay.example/${'x'.repeat(236)}`, false],
    ['WECHAT_PAY_NOTIFY_URL', 'https://pay.example/events?shop=1', false],
    ['WECHAT_PAY_NOTIFY_URL', 'http://pay.example/events', false],
    ['WECHAT_PAY_NOTIFY_URL', 'pay.example/events', false],
    ['SERVICE_KEYS', 'k'.repeat(31), false],
    ['SERVICE_KEYS', `${'k'.repeat(32)},${'l'.repeat(32)}`, true],
    ['LOGIN', 'https://login.example', false],
    ['HOOKS', 'https://hooks.example', false],
    ['EVENTS', { fetch: () => null }, false],
  ])('settings are accepted or named: %s %s', async (name, value, isGood) => {
    const faults = await findFaults({ [name]: value })
    if (isGood) expect(faults).toEqual([])
    else expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} `))])
  })

  it.each([
    'WECHAT_PAY_MCHID',
    'WECHAT_PAY_CERT_SERIAL_NO',
    'WECHAT_PAY_PUBLIC_KEY_ID',
    'WECHAT_PAY_NOTIFY_URL',
    'WECHAT_PAY_PRIVATE_KEY',
    'WECHAT_PAY_PUBLIC_KEY',
    'WECHAT_PAY_API_V3_KEY',
  ])('the setting %s has to be there', async (name) => {
    expect(await findFaults({ [name]: undefined })).toContain(`${name} is missing`)
  })

  it.each([undefined, null, 7, 'env'])('an env that is %s is misconfigured', async (env) => {
    const settings = expect.arrayContaining([expect.stringMatching(/^env /)])
    const misconfigured = { code: 'misconfigured', options: { log: { settings } } }
    await expect(parsePayConfig(env)).rejects.toMatchObject(misconfigured)
  })
})

describe('a Worker that is misconfigured', () => {
  const settings = {
    WECHAT_PAY_MCHID: '',
    WECHAT_PAY_NOTIFY_URL: 'http://secret.example',
    WECHAT_PAY_PRIVATE_KEY: PKCS1,
    WECHAT_PAY_PUBLIC_KEY: PRIVATE,
    WECHAT_PAY_API_V3_KEY: API_V3_KEY.slice(1),
    WECHAT_PAY_EXTRA_KEYS: 'secret',
    SERVICE_KEYS: 'short-secret',
  }

  it('the log names all settings at once and no value, and the client hears misconfigured', async () => {
    const app = createPayApp({ settings })
    const { status, answer } = await app.send('GET', '/payments/A00001')
    expect([status, answer.code]).toEqual([500, 'misconfigured'])
    expect(answer).not.toHaveProperty('settings')
    const [line = ''] = app.log
    for (const name of Object.keys(settings)) expect(line).toContain(name)
    for (const value of [...Object.values(settings), PRIVATE]) {
      if (value) expect(line + JSON.stringify(answer)).not.toContain(value.slice(0, 40))
    }
    expect(app.pay.requests).toEqual([])
  })

  it('WeChat Pay hears FAIL and calls again, while GET /health answers', async () => {
    const app = createPayApp({ settings })
    expect(await app.notify('TRANSACTION.SUCCESS', {})).toEqual({
      status: 500,
      answer: { code: 'FAIL', message: 'Server misconfigured' },
    })
    expect(app.log[0]).toContain('"level":"error"')
    const health = await app.send('GET', '/health')
    expect([health.status, health.answer]).toEqual([200, { status: 'ok' }])
  })

  it('with wrong SERVICE_KEYS callbacks go on, the endpoints for backends do not, and the log says so', async () => {
    const app = createPayApp({ settings: { SERVICE_KEYS: 'short-secret' } })
    expect((await app.notify('OTHER', {})).status).toBe(204)
    const fault = expect.stringMatching(/^SERVICE_KEYS must be keys/)
    expect(JSON.parse(app.log[0] ?? '')).toEqual({
      level: 'error',
      code: 'misconfigured',
      settings: [fault],
    })
    const { status, answer } = await app.send('GET', '/payments/A00001')
    expect([status, answer.code]).toEqual([500, 'misconfigured'])
    expect(JSON.parse(app.log.at(-1) ?? '')).toMatchObject({ settings: [fault] })
    expect(app.log.join()).not.toContain('short-secret')
  })

  it.each(['the-sandbox-service-key-is-public-too', 'the-sandbox-payments-key-is-public-too'])(
    "SERVICE_KEYS must not be %s, which everybody knows, unless the merchant is the sandbox's",
    async (key) => {
      const settings = { SERVICE_KEYS: key }
      expect(await findFaults(settings)).toEqual([
        expect.stringMatching(/^SERVICE_KEYS has a key of the sandbox/),
      ])
      expect(await findFaults({ ...settings, WECHAT_PAY_MCHID: '1900000001' })).toEqual([])
    },
  )

  it('with a wrong EVENTS orders go on, events are taken by nobody, and the log says so', async () => {
    const { events, hooks } = recordingHooks()
    const app = createPayApp({ settings: { EVENTS: 'a-queue' }, hooks })
    expect((await app.send('POST', '/payments', ORDER)).status).toBe(200)
    const fault = 'EVENTS must be a Queue producer binding'
    expect(JSON.parse(app.log[0] ?? '')).toMatchObject({ level: 'error', settings: [fault] })
    expect(await app.notify('TRANSACTION.SUCCESS', app.pay.pay(ORDER.outTradeNo))).toEqual({
      status: 500,
      answer: { code: 'FAIL', message: 'Server misconfigured' },
    })
    expect(events).toEqual([])
    expect(JSON.parse(app.log.at(-1) ?? '')).toMatchObject({ settings: [fault] })
  })

  it('without SERVICE_KEYS the endpoints for backends do not exist, whatever the method', async () => {
    const app = createPayApp({ settings: { SERVICE_KEYS: undefined } })
    const paths = ['/payments', '/payments/A00001', '/payments/A00001/close', '/refunds/R1']
    for (const path of [...paths, '/payments/A00001/refunds']) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const { status, answer } = await app.send(method, path, undefined, PAY_SERVICE_KEY)
        expect([status, answer.code]).toEqual([404, 'not_found'])
      }
    }
    expect(app.log[0]).toContain('SERVICE_KEYS is not set')
    expect((await app.notify('OTHER', {})).status).toBe(204)
  })
})
