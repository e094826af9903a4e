import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { beforeEach, describe, expect, it } from 'vitest'
import { pushRequest } from '../sandbox/push'
import { createApp } from '../src/index'
import { createHttpApp } from '../src/login/http/app'
import { createService } from '../src/login/service'
import { workersRuntime } from '../src/workers/runtime'
import { APPID, type LoginAnswer, type OpenData, SERVICE_KEY, useTestApp } from './support/app'
import { expectAnswerHeaders, expectMadeOnce } from './support/responses'
import { URL_CHECKS } from './support/vectors'

const app = useTestApp()
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

interface RequestOptions {
  readonly credential?: string
  readonly body?: object
}

function request(method: string, path: string, { credential, body }: RequestOptions = {}) {
  const headers = new Headers()
  if (credential !== undefined) headers.set('Authorization', `Bearer ${credential}`)
  if (body && !(body instanceof URLSearchParams)) headers.set('Content-Type', 'application/json')
  const content = body instanceof URLSearchParams ? body : JSON.stringify(body)
  return new Request(`https://login.example${path}`, {
    method,
    headers,
    ...(body && { body: content }),
  })
}

const fromPhone = (method: string, path: string, body?: object) =>
  request(method, path, { credential: login.token, ...(body && { body }) })

const fromBackend = (method: string, path: string, body?: object) =>
  request(method, path, { credential: SERVICE_KEY, ...(body && { body }) })

function urlCheck(path: string): Request {
  const [{ timestamp, nonce, signature }] = URL_CHECKS
  app.clock.now = Number(timestamp)
  const query = new URLSearchParams({ signature, timestamp, nonce, echostr: '1' })
  return request('GET', `${path}?${query}`)
}

const push = (path: string) =>
  pushRequest(
    `https://login.example${path}`,
    { MsgType: 'event', Event: 'x', CreateTime: 1 },
    {
      appid: APPID,
      token: env.WECHAT_PUSH_TOKEN,
      encodingAESKey: env.WECHAT_PUSH_AES_KEY,
      timestamp: app.clock.now,
    },
  )

/** The only one that may be kept. */
const KEYS = 'GET /.well-known/jwks.json'

/** For every other route a request that succeeds, and the status of its answer. */
const SUCCESSES: Record<string, readonly [status: number, () => Request | Promise<Request>]> = {
  'GET /health': [200, () => request('GET', '/health')],
  'GET /.well-known/oauth-authorization-server': [
    200,
    () => request('GET', '/.well-known/oauth-authorization-server'),
  ],
  'POST /login': [
    200,
    async () => request('POST', '/login', { body: { code: await app.wxLogin() } }),
  ],
  'GET /session': [200, () => fromPhone('GET', '/session')],
  'DELETE /session': [204, () => fromPhone('DELETE', '/session')],
  'GET /sessions': [200, () => fromPhone('GET', '/sessions')],
  'DELETE /sessions': [204, () => fromPhone('DELETE', '/sessions')],
  'DELETE /sessions/:id': [
    204,
    async () => {
      const { sessions } = await (await app.send('GET', '/sessions', login)).json<{
        sessions: { id: string }[]
      }>()
      return fromPhone('DELETE', `/sessions/${sessions[0]?.id}`)
    },
  ],
  'POST /session/check': [200, () => fromPhone('POST', '/session/check')],
  'POST /session/access-token': [200, () => fromPhone('POST', '/session/access-token')],
  'POST /session/reset': [200, () => fromPhone('POST', '/session/reset')],
  'POST /session-key/sign': [
    200,
    () => fromBackend('POST', '/session-key/sign', { token: login.token, text: 'x' }),
  ],
  'POST /session-key/encryption-keys': [
    200,
    () => fromBackend('POST', '/session-key/encryption-keys', { token: login.token }),
  ],
  'POST /open-data/verify': [
    200,
    async () => {
      const { rawData, signature } = await app.press<OpenData>('wx.getUserInfo')
      return fromPhone('POST', '/open-data/verify', { rawData, signature })
    },
  ],
  'POST /open-data/decrypt': [
    200,
    async () =>
      fromPhone('POST', '/open-data/decrypt', await app.press<OpenData>('wx.getUserInfo')),
  ],
  'POST /phone-number': [
    200,
    async () => fromPhone('POST', '/phone-number', await app.press<OpenData>('getPhoneNumber')),
  ],
  'POST /introspect': [
    200,
    () => fromBackend('POST', '/introspect', new URLSearchParams({ token: login.token })),
  ],
  'POST /revoke': [
    200,
    () => fromBackend('POST', '/revoke', new URLSearchParams({ token: login.token })),
  ],
  'DELETE /users/:userId/sessions': [
    204,
    () => fromBackend('DELETE', `/users/${login.userId}/sessions`),
  ],
  'POST /subscribe-messages': [
    204,
    async () => {
      await app.press('wx.requestSubscribeMessage')
      const data = { thing1: 'x', time2: '12:00' }
      const message = { openid: await app.getOpenid(), templateId: 'sandbox-template', data }
      return fromBackend('POST', '/subscribe-messages', message)
    },
  ],
  'GET /wechat/events': [200, () => urlCheck('/wechat/events')],
  'GET /wechat/events/:appid': [200, () => urlCheck(`/wechat/events/${APPID}`)],
  'POST /wechat/events': [200, () => push('/wechat/events')],
  'POST /wechat/events/:appid': [200, () => push(`/wechat/events/${APPID}`)],
  'ANY /forward-auth/*': [
    200,
    () => {
      const asked = fromPhone('GET', '/forward-auth')
      asked.headers.set('X-Service-Key', SERVICE_KEY)
      return asked
    },
  ],
  'ANY /wechat/api/*': [200, () => fromBackend('GET', '/wechat/api/cgi-bin/get_api_domain_ip')],
}

const ANY = ['ANY /forward-auth/*', 'ANY /wechat/api/*']

/** Requests that fail in each place where an answer can be made: route, middleware, router. */
const FAILURES: Record<string, readonly [status: number, () => Request]> = {
  'an invalid body': [400, () => request('POST', '/login', { body: {} })],
  'a missing token': [401, () => request('GET', '/session')],
  'a missing service key': [401, () => request('POST', '/introspect')],
  'an unknown path': [404, () => request('GET', '/sesion')],
  'a trailing slash': [404, () => request('GET', '/health/')],
  'an unknown session id': [404, () => fromPhone('DELETE', '/sessions/unknown')],
  'a path that WeChat refuses': [403, () => fromBackend('GET', '/wechat/api/sns/jscode2session')],
}

describe('the headers of answers', () => {
  it('SUCCESSES has every route but one', () => {
    const routes = createApp().routes.filter(({ method }) => method !== 'ALL')
    const names = routes.map(({ method, path }) => `${method} ${path}`)
    expect(new Set([...Object.keys(SUCCESSES), KEYS])).toEqual(new Set([...names, ...ANY]))
  })

  it.each(Object.entries(SUCCESSES))(
    '%s makes one Response, with no-store and nosniff, and it leaves as it is',
    async (_, [status, toRequest]) => {
      const request = await toRequest()
      const response = await expectMadeOnce(() => app.receive(request))
      expect(response.status).toBe(status)
    },
  )

  it.each(Object.entries(FAILURES))(
    'The answer to %s is one Response, with no-store and nosniff, and it leaves as it is',
    async (_, [status, toRequest]) => {
      const response = await expectMadeOnce(() => app.receive(toRequest()))
      expect(response.status).toBe(status)
    },
  )

  it('The answer to a method that a path does not have has no-store and nosniff', async () => {
    const routes = createApp().routes.filter(({ method }) => method !== 'ALL')
    for (const path of new Set(routes.map(({ path }) => path))) {
      const response = await app.send('PATCH', path, { token: SERVICE_KEY })
      expect([path, response.status]).toEqual([path, 405])
      expectAnswerHeaders(response)
    }
  })

  it('The answer to HEAD has the headers of the answer to GET', async () => {
    expectAnswerHeaders(await app.request('/health', { method: 'HEAD' }))
  })
})

describe("an app of one's own around createApp", () => {
  const service = createService({ ...workersRuntime, log: () => {} })
  const mount = (around: Hono, path = '/auth') => around.route(path, createHttpApp(service))
  const fetch = (mounted: Hono, path: string, init: RequestInit = {}) =>
    mounted.request(`https://app.example${path}`, init, env)

  it("Hono's CORS around the app sets its headers on every answer", async () => {
    const mounted = mount(new Hono().use(cors({ origin: 'https://shop.example' })))
    for (const [path, status] of [
      ['/auth/health', 200],
      ['/auth/session', 401],
      ['/auth/login', 405],
    ] as const) {
      const response = await fetch(mounted, path, { headers: { Origin: 'https://shop.example' } })
      expect([path, response.status]).toEqual([path, status])
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://shop.example')
      expectAnswerHeaders(response)
    }
  })

  it('Middleware around the app sets headers before and after the answer', async () => {
    const around = new Hono().use(async (c, next) => {
      c.header('X-Before', '1')
      await next()
      c.res.headers.set('X-After', '2')
      c.header('Cache-Control', 'private')
    })
    const { status, headers } = await fetch(mount(around), '/auth/health')
    expect([status, headers.get('X-Before'), headers.get('X-After')]).toEqual([200, '1', '2'])
    expect(headers.get('Cache-Control')).toBe('private')
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it('A route that is added to the app answers 404 itself, and 405 to other methods', async () => {
    const own = createHttpApp(service).get('/orders/:id', (c) => c.text('no such order', 404))
    const response = await own.request('/orders/7', {}, env)
    expect([response.status, await response.text()]).toEqual([404, 'no such order'])
    expect((await own.request('/orders/7', { method: 'POST' }, env)).status).toBe(405)
  })

  it('The headers of every answer can be changed, also of those from WeChat', async () => {
    for (const [, toRequest] of Object.values({ ...SUCCESSES, ...FAILURES })) {
      const { headers } = await app.receive(await toRequest())
      headers.set('X-After', '2')
      expect(headers.get('X-After')).toBe('2')
      login = await app.login()
    }
  })

  it('The answers of other routes keep the headers that they have', async () => {
    const mounted = mount(new Hono(), '/').get('/page', (c) => {
      return c.text('x', 200, { 'Cache-Control': 'max-age=60' })
    })
    const { headers } = await fetch(mounted, '/page')
    expect(headers.get('Cache-Control')).toBe('max-age=60')
  })
})
