/** `npm run dev` over HTTP: its files, its paths, and its start. The page has tests of its own. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signPush } from '../../sandbox/encrypt'
import { openReply } from '../../sandbox/push'
import { type DevServer, startDev } from '../support/dev-server'
import { CREDENTIALS, send } from '../support/environment'

const WEEK = 7 * 24 * 3600

let dev: DevServer
beforeAll(async () => {
  dev = await startDev()
})
afterAll(() => dev.stop())

const request = (path: string) => fetch(new URL(path, dev.url()))

/** Presses a button of the phone. */
async function phone(path: string, body: object = {}): Promise<Record<string, unknown>> {
  const { answer } = await send(new URL(dev.url()), 'POST', `/sandbox/${path}`, { body })
  return answer as Record<string, unknown>
}

/** Logs in as this user, and returns the token. */
async function logIn(user: string): Promise<string> {
  const { code } = await phone('wx.login', { user })
  const { answer } = await send(new URL(dev.url()), 'POST', '/login', { body: { code } })
  return (answer as { token: string }).token
}

async function listSessions(token: string): Promise<{ createdAt: string }[]> {
  const { answer } = await send(new URL(dev.url()), 'GET', '/sessions', { token })
  return (answer as { sessions: { createdAt: string }[] }).sessions
}

const SERVICE_KEY = 'the-sandbox-service-key-is-public-too'

/** Calls the Worker as a backend. */
async function backend(method: string, path: string, body?: object) {
  return send(new URL(dev.url()), method, path, { token: SERVICE_KEY, ...(body && { body }) })
}

/** Calls WeChat's API directly, with an access_token unless the query has one. */
async function wechat(path: string, query: Record<string, string> = {}, init: RequestInit = {}) {
  const { answer } = await send(new URL(dev.url()), 'POST', '/cgi-bin/stable_token', {
    body: {
      grant_type: 'client_credential',
      appid: CREDENTIALS.WECHAT_APPID,
      secret: CREDENTIALS.WECHAT_APPSECRET,
    },
  })
  const { access_token } = answer as { access_token: string }
  return fetch(
    new URL(`${path}?${new URLSearchParams({ access_token, ...query })}`, dev.url()),
    init,
  )
}

const post = (body: BodyInit): RequestInit => ({ method: 'POST', body })

describe('npm run dev', () => {
  it.each([
    ['/docs', 'docs.html', 'text/html'],
    ['/docs.css', 'docs.css', 'text/css'],
    ['/docs.js', 'docs.js', 'text/javascript'],
    ['/openapi.json', 'openapi.json', 'application/json'],
    ['/openapi-pay.json', 'openapi-pay.json', 'application/json'],
  ])('GET %s is served from the assets of the deployed Worker', async (path, file, type) => {
    const response = await request(path)
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      200,
      expect.stringContaining(type),
    ])
    expect(await response.text()).toBe(readFileSync(`src/assets/${file}`, 'utf8'))
  })

  it('GET / is the watch page', async () => {
    const response = await request('/')
    expect(await response.text()).toBe(readFileSync('sandbox/page/index.html', 'utf8'))
  })

  it.each([
    '/worker.ts',
    '/docs/x',
    '/docsx',
    '/assets/docs.html',
    '/sandbox/wrangler.toml',
    '/sandbox/page/main.js',
    '/texts/../../worker.ts',
  ])('GET %s is no file', async (path) => {
    const response = await request(path)
    expect(response.status).toBe(404)
  })

  it('A path that the sandbox does not have lists those that it has', async () => {
    const response = await request('/sandbox/nothing')
    expect(response.status).toBe(404)
    const lines = (await response.text()).split('\n').map((line) => line.trim())
    const paths = `wx.login wx.getUserInfo wx.getWeRunData getPhoneNumber getLatestUserKey
      wx.requestSubscribeMessage wx.requestVirtualPayment customer-message push block
      end-access-tokens rotate clock slow fail`.split(/\s+/)
    const commands = paths.map((path) => `curl -X POST ${new URL(`/sandbox/${path}`, dev.url())}`)
    expect(lines).toEqual(expect.arrayContaining(commands))
  })

  it('The sandbox denies the login of a blocked user, and gives the others a role', async () => {
    const { code } = await phone('wx.login', { user: 'mallory' })
    const denied = await send(new URL(dev.url()), 'POST', '/login', { body: { code } })
    expect(denied).toMatchObject({ status: 403, answer: { code: 'login_denied' } })
    const form = new URLSearchParams({ token: await logIn('admin') })
    const { answer } = await backend('POST', '/introspect', form)
    expect(answer).toMatchObject({ active: true, claims: { role: 'admin' } })
  })

  it('The sandbox blocks any user and unblocks them', async () => {
    await phone('block', { user: 'bob' })
    const { code } = await phone('wx.login', { user: 'bob' })
    const denied = await send(new URL(dev.url()), 'POST', '/login', { body: { code } })
    expect(denied.status).toBe(403)
    await phone('block', { user: 'bob', blocked: false })
    expect(await logIn('bob')).toMatch(/^[\w-]{43}\.[\w-]{64}$/)
  })

  it('A message to customer service is answered, and WeChat can open the answer', async () => {
    const reply = await phone('customer-message', { text: '你好' })
    expect(reply).toMatchObject({
      MsgType: 'transfer_customer_service',
      FromUserName: 'gh_97417a04a28d',
    })
  })

  it('The sandbox accepts a virtual payment that is signed with the session_key, and delivers what is known', async () => {
    const token = await logIn('alice')
    const pay = async (productId: string, signature?: string) => {
      const signData = JSON.stringify({ productId, outTradeNo: '1' })
      const { answer } = await backend('POST', '/session-key/sign', { token, text: signData })
      return phone('wx.requestVirtualPayment', {
        signData,
        ...(answer as object),
        ...(signature && { signature }),
      })
    }
    expect(await pay('sandbox-product')).toEqual({
      errMsg: 'requestVirtualPayment:ok',
      notice: { status: 200, answer: { ErrCode: 0, ErrMsg: 'success' } },
    })
    expect(await pay('unknown-product')).toMatchObject({
      notice: { status: 503, answer: { code: 'hook_unavailable' } },
    })
    expect(await pay('sandbox-product', 'f'.repeat(64))).toMatchObject({ errCode: -15005 })
  })
})

describe('the sandbox’s WeChat', () => {
  it.each(['/cgi-bin/stable_token', '/wxa/msg_sec_check', '/cgi-bin/media/upload'])(
    'The sandbox’s WeChat answers 412 to a chunked POST %s',
    async (path) => {
      const body = new Blob(['{}']).stream()
      const response = await wechat(path, {}, {
        method: 'POST',
        body,
        duplex: 'half',
      } as RequestInit)
      expect(response.status).toBe(412)
    },
  )

  it.each([
    ['GET', '/wxa/business/getuserencryptkey'],
    ['POST', '/wxa/getwxacodeunlimit'],
    ['POST', '/wxa/msg_sec_check'],
    ['POST', '/wxa/generate_urllink'],
    ['POST', '/cgi-bin/media/upload'],
  ])('The sandbox’s WeChat refuses %s %s with a wrong access_token', async (method, path) => {
    const response = await wechat(path, { access_token: 'x' }, { method })
    expect(await response.json()).toEqual({
      errcode: 40001,
      errmsg: expect.stringContaining(', rid: '),
    })
  })

  it('The sandbox’s WeChat cannot read a reply that is not encrypted, or not signed by this mini program', async () => {
    const options = { appid: 'wx1', token: 'AAAAA', encodingAESKey: 'A'.repeat(43) }
    const Encrypt = Buffer.alloc(32).toString('base64')
    const signed = { Encrypt, TimeStamp: 1, Nonce: '2' }
    const MsgSignature = await signPush(options.token, '1', '2', Encrypt)
    const read = async (reply: object) => {
      const response = await openReply(Response.json(reply), options)
      return [response.status, await response.text()]
    }
    expect(await read({ MsgType: 'text' })).toEqual([502, expect.stringContaining('not encrypted')])
    expect(await read({ ...signed, MsgSignature: 'f'.repeat(40) })).toEqual([
      502,
      expect.stringContaining('wrong MsgSignature'),
    ])
    expect(await read({ ...signed, MsgSignature })).toEqual([
      502,
      expect.stringContaining('not encrypted under this EncodingAESKey'),
    ])
    const receipt = await openReply(new Response('success'), options)
    expect([receipt.status, await receipt.text()]).toEqual([200, 'success'])
  })

  it('The sandbox’s WeChat refuses a path that WeChat does not have', async () => {
    expect(await (await wechat('/wxa/nothing')).json()).toMatchObject({ errcode: 40066 })
  })

  it('The sandbox’s WeChat gives encryption keys to a call that is signed with the session_key, and to no other', async () => {
    const token = await logIn('alice')
    const { answer } = await backend('POST', '/session-key/encryption-keys', { token })
    const { encryptKey, iv, version } = await phone('getLatestUserKey')
    expect(answer).toMatchObject({ keys: [{ encryptKey, iv, version }] })
    const { answer: user } = await backend('POST', '/introspect', new URLSearchParams({ token }))
    const { openid } = user as { openid: string }
    const errcode = async (query: Record<string, string>) => {
      const signed = { sig_method: 'hmac_sha256', signature: 'f'.repeat(64), ...query }
      return (await wechat('/wxa/business/getuserencryptkey', signed)).json()
    }
    expect(await errcode({ openid: 'oUnknown' })).toMatchObject({ errcode: 87007 })
    expect(await errcode({ openid })).toMatchObject({ errcode: 87009 })
  })

  it('A mini-program code is a PNG, and needs a scene', async () => {
    const create = (body: object) =>
      wechat('/wxa/getwxacodeunlimit', {}, post(JSON.stringify(body)))
    const response = await create({ scene: 'table=7' })
    expect(response.headers.get('Content-Type')).toBe('image/png')
    const picture = Buffer.from(await response.arrayBuffer())
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect(await (await create({})).json()).toMatchObject({ errcode: 40169 })
  })

  it('The sandbox’s WeChat takes an upload, and gives the same bytes back', async () => {
    const form = new FormData()
    const bytes = crypto.getRandomValues(new Uint8Array(1000))
    form.append('media', new File([bytes], 'a.png', { type: 'image/png' }))
    const uploaded = await wechat('/cgi-bin/media/upload', { type: 'image' }, post(form))
    const { media_id } = (await uploaded.json()) as { media_id: string }
    const media = await wechat('/cgi-bin/media/get', { media_id })
    expect(new Uint8Array(await media.arrayBuffer())).toEqual(bytes)
  })

  it('The sandbox’s WeChat checks a text, and makes a link', async () => {
    const token = await logIn('alice')
    const { answer } = await backend('POST', '/introspect', new URLSearchParams({ token }))
    const { openid } = answer as { openid: string }
    const text = { openid, content: 'hello', version: 2, scene: 1 }
    const checked = await wechat('/wxa/msg_sec_check', {}, post(JSON.stringify(text)))
    expect(await checked.json()).toMatchObject({ errcode: 0, result: { suggest: 'pass' } })
    const link = await wechat('/wxa/generate_urllink', {}, post('{}'))
    expect(await link.json()).toMatchObject({ url_link: expect.stringMatching(/^https:/) })
  })
})

describe('a restart of npm run dev', () => {
  it('A restart of npm run dev keeps the sessions of the present and no others', async () => {
    const present = await logIn('carol')
    await phone('clock', { skip: WEEK - 60 })
    await logIn('carol')
    expect(await listSessions(present)).toHaveLength(2)
    await dev.restart()
    const sessions = await listSessions(present)
    expect(sessions).toHaveLength(1)
    expect(Date.parse(sessions[0]?.createdAt ?? '')).toBeLessThanOrEqual(Date.now())
  })
})
