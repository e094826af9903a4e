/** Hooks and the Queue as other Workers: over a service binding, in a real workerd. */

import { createDecipheriv } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushRequest } from '../../sandbox/push'
import { type Backend, SERVICE_KEY, startBackend } from '../support/backend'
import { APPID, PUSH, send } from '../support/environment'

/** Answers by the openid. */
const HOOKS = `import { WorkerEntrypoint } from 'cloudflare:workers'
const MISSING = 'The RPC receiver does not implement the method "onLogin".'
export class Hooks extends WorkerEntrypoint {
  async onLogin(login) {
    switch (login.openid.slice(1)) {
      case 'denied': return { deny: true }
      case 'admin': return { claims: { role: 'admin', 标签: ['a'] } }
      case 'date': return { claims: { at: new Date(0) } }
      case 'function': return { claims: { call() {} } }
      case 'shared': return { claims: Array(40).fill().reduce((a) => ({ a, b: a }), {}) }
      case 'class': return new Response('secret')
      case 'throws': throw new Error('secret')
      case 'missing': throw new TypeError(MISSING)
      case 'nested': return this.env.NOTHING.onLogin()
      case 'late': return new Promise((resolve) => setTimeout(resolve, 10_000))
    }
  }
  async findMiniProgram({ appid }) {
    switch (appid) {
      case 'wxours000000000000': return { appsecret: 'the-hook-knows-it', push: undefined }
      case 'wxwrong00000000000': return { appsecret: 'the-hook-knows-it', secret() {} }
      case 'wxthrows0000000000': throw new Error('secret')
    }
  }
  async onEvent({ event }) {
    if (event.Content === 'throw') throw new Error('secret')
    if (event.MsgType === 'text') return 'you said ' + event.Content
    if (event.Event === 'xpay_goods_deliver_notify') return { ErrCode: 0, ErrMsg: 'from the hook' }
  }
}
export default { fetch: () => new Response('hello') }`

/** A Worker with an entrypoint that has no hook. */
const EMPTY = `import { WorkerEntrypoint } from 'cloudflare:workers'
export class Hooks extends WorkerEntrypoint {}
export default { fetch: () => new Response('hello') }`

let backend: Backend

beforeAll(async () => {
  backend = await startBackend({ hooks: HOOKS, hasQueue: true, bindings: PUSH })
})
afterAll(() => backend.close())

async function push(message: object, target = backend) {
  const timestamp = Math.floor(Date.now() / 1000)
  const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = PUSH
  const options = { appid: APPID, token, encodingAESKey, timestamp }
  const request = await pushRequest(new URL('/wechat/events', target.url).href, message, options)
  const response = await fetch(request)
  return { status: response.status, text: await response.text() }
}

describe('the event hook over a service binding', () => {
  it('an object that a bound hook returns is the reply, encrypted in safe mode', async () => {
    const message = { MsgType: 'event', Event: 'xpay_goods_deliver_notify', CreateTime: 1 }
    const { status, text } = await push(message)
    expect(status).toBe(200)
    const { Encrypt } = JSON.parse(text) as { Encrypt: string }
    const key = Buffer.from(`${PUSH.WECHAT_PUSH_AES_KEY}=`, 'base64')
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const bytes = Buffer.concat([decipher.update(Encrypt, 'base64'), decipher.final()])
    const opened = bytes.subarray(20, 20 + bytes.readUInt32BE(16)).toString()
    expect(JSON.parse(opened)).toEqual({ ErrCode: 0, ErrMsg: 'from the hook' })
  })
})

describe('the login hook over a service binding', () => {
  it('claims come back from verify and POST /introspect, and not from POST /login', async () => {
    const claims = { role: 'admin', 标签: ['a'] }
    const { answer } = await backend.tryLogin('admin')
    expect(JSON.stringify(answer)).not.toContain('claims')
    const { token } = answer as { token: string }
    expect(await backend.call('verify', token)).toMatchObject({ ok: true, session: { claims } })
    const body = new URLSearchParams({ token })
    const introspection = await send(backend.url, 'POST', '/introspect', {
      token: SERVICE_KEY,
      body,
    })
    expect(introspection.answer).toMatchObject({ active: true, claims })
  })

  it('a hook that answers nothing lets the user in without claims', async () => {
    const token = await backend.logIn('alice')
    const { session } = await backend.call('verify', token)
    expect(session).not.toHaveProperty('claims')
  })

  it('a hook denies a login', async () => {
    const reply = await backend.tryLogin('denied')
    expect(reply).toMatchObject({ status: 403, answer: { code: 'login_denied', action: 'stop' } })
  })

  it.each(['date', 'function', 'shared', 'class', 'throws', 'missing', 'nested', 'late'])(
    'a hook that fails lets nobody in: %s',
    async (name) => {
      const reply = await backend.tryLogin(name)
      expect(reply).toMatchObject({ status: 503, answer: { code: 'hook_unavailable' } })
      expect(backend.logs.join()).not.toContain('secret')
    },
  )

  it.each([
    ['an entrypoint without methods', EMPTY, 'Hooks'],
    ['a Worker without an entrypoint class', EMPTY, null],
  ])('%s is no hook', async (_, hooks, hooksEntrypoint) => {
    const other = await startBackend({ hooks, hooksEntrypoint, bindings: PUSH })
    try {
      expect((await other.tryLogin()).status).toBe(200)
      const message = { MsgType: 'event', Event: 'wxa_media_check' }
      expect(await push(message, other)).toEqual({ status: 200, text: 'success' })
      expect(other.logs.join()).not.toContain('hook')
    } finally {
      await other.close()
    }
  })
})

describe('mini programs that a hook knows over a service binding', () => {
  const logIn = (appid: string | null, { url } = backend) =>
    send(url, 'POST', '/login', { body: { code: 'alice-1', ...(appid && { appid }) } })

  it('a login of one has its AppSecret, and a session that verify finds', async () => {
    const { answer } = await logIn('wxours000000000000')
    const exchange = backend.wechat.takeRecorded().at(-1)
    expect(exchange?.query.get('secret')).toBe('the-hook-knows-it')
    const session = { appid: 'wxours000000000000', openid: 'oalice' }
    const { token } = answer as { token: string }
    expect(await backend.call('verify', token)).toMatchObject({ ok: true, session })
  })

  it.each([
    ['wxothers0000000000', 400, 'appid_unknown'],
    ['wxwrong00000000000', 503, 'hook_unavailable'],
    ['wxthrows0000000000', 503, 'hook_unavailable'],
  ])('a login of %s is %i %s', async (appid, status, code) => {
    expect(await logIn(appid)).toMatchObject({ status, answer: { code } })
    expect(backend.logs.join()).not.toMatch(/secret|the-hook-knows-it/)
  })

  it('a hook Worker without the method knows none, and has to without an AppID in the settings', async () => {
    const bindings = { WECHAT_APPID: '', WECHAT_APPSECRET: '' }
    for (const hooksEntrypoint of ['Hooks', null]) {
      const other = await startBackend({ hooks: EMPTY, hooksEntrypoint, bindings })
      try {
        for (const appid of [null, 'wxours000000000000']) {
          const reply = await logIn(appid, other)
          expect(reply).toMatchObject({ status: 500, answer: { code: 'misconfigured' } })
        }
        expect(other.logs.join()).toContain('HOOKS has no method findMiniProgram')
      } finally {
        await other.close()
      }
    }
  })
})

describe('a pushed message with a hook and a Queue bound', () => {
  it('the reply of the hook is sent, encrypted', async () => {
    const { status, text } = await push({ MsgType: 'text', Content: 'hello' })
    expect([status, Object.keys(JSON.parse(text))]).toEqual([
      200,
      ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'],
    ])
  })

  it('a hook that throws leaves the message to another delivery', async () => {
    expect((await push({ MsgType: 'text', Content: 'throw' })).status).toBe(503)
  })

  it('a purchase that the Queue has taken is received', async () => {
    const message = { MsgType: 'event', Event: 'xpay_goods_deliver_notify', OutTradeNo: '1' }
    expect((await push(message)).status).toBe(200)
  })
})
