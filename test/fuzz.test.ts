/**
 * Arbitrary input at every endpoint: no internal_error, and no part of the input in the answer or in
 * the log.
 *
 * `npm test` sends the same requests each time, and `npm run test:systems` others each day. FUZZ_RUNS
 * is their number, shared by the properties below. A million takes 20 minutes:
 *
 *     FUZZ_RUNS=1000000 npx vitest run --config test/vitest.config.ts test/fuzz.test.ts
 *
 * Such a run takes another seed each time, and prints it if it fails; FUZZ_SEED repeats it.
 */

import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { LOGIN_API } from '../openapi/login/api'
import { pushRequest } from '../sandbox/push'
import { ERRORS, type ErrorCode } from '../src/core/errors'
import { createApp } from '../src/index'
import { APPID, createTestApp, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'
import { listCodes } from './support/listed-errors'

/** Part of everything that is sent; no answer may contain it. */
const MARK = 'zQ7mArK'

const PROPERTIES = 6
const RUNS = Math.ceil(inject('fuzzRuns') / PROPERTIES)

const ROUTES = createApp().routes.filter(
  ({ method, path }) => method !== 'ALL' && path !== '/health',
)

const JSON_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-16',
  'application/merge-patch+json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data',
  '',
]
const FIELDS = `code appid rawData signature encryptedData iv openid templateId data page state
  lang token Encrypt Event OpenID __proto__ constructor toString length`
  .split(/\s+/)
  .concat(' OpenID', '')
const PUSH_FIELDS = `MsgId FromUserName CreateTime Event OpenID AppID MsgType Encrypt ToUserName
  RevokeInfo List __proto__ constructor`
  .split(/\s+/)
  .concat(' OpenID', 'Event ')
/** What a conversion calls or reads, if an object brings it along. */
const METHODS = ['toString', 'valueOf', 'toJSON', 'then', '__proto__', 'constructor', 'length']

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 600 }),
  fc.base64String({ maxLength: 200 }),
  fc.constantFrom('', '\ud800', '\ufeff', '\0', '..', '%00', '{}', 'null', '-0', '1e999'),
)
const marked = anyText.map((text) => `${MARK}${text}`)

/** An object with methods of its own that are not functions. */
const hostile = fc.dictionary(
  fc.constantFrom(...METHODS),
  fc.oneof(
    marked,
    fc.constantFrom(null, 1, {}, []),
    fc.dictionary(fc.constantFrom(...METHODS), marked, { maxKeys: 2 }),
  ),
  { minKeys: 1, maxKeys: 4 },
)

const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: 'small', withCrossShrink: true },
  marked,
  anyText,
  hostile,
  hostile.map((value) => [value]),
  fc.dictionary(marked, fc.oneof(marked, hostile), { maxKeys: 3 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.double(),
  fc.constantFrom(null, true, [], {}, -0, 1e308, Number.MAX_SAFE_INTEGER),
)

/** Mostly a known name, sometimes one that must not come back. */
function fieldName(names: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, marked)
}

/** JSON with known fields, in forms that parsers treat differently. */
const anyJson = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .dictionary(fieldName(FIELDS), anyValue, { maxKeys: 8 })
      .map((fields) => JSON.stringify(fields)),
  },
  fc.tuple(fc.constantFrom(...FIELDS), marked).map(([name, text]) => {
    const pair = `${JSON.stringify(name)}:${JSON.stringify(text)}`
    return `{${pair},${pair}}`
  }),
  fc.nat({ max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.nat({ max: 5_000 }).map((depth) => `${'{"code":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.nat({ max: 400 }).map((digits) => `{"code":1${'0'.repeat(digits)}}`),
  marked.map((text) => `\ufeff{"code":${JSON.stringify(text)}}`),
  marked.map((text) => `{"code":"${text}`),
  marked,
)

const anyBody = fc.oneof(
  anyJson,
  anyJson,
  fc.uint8Array({ maxLength: 300 }),
  fc.constant('x'.repeat(70_000)),
)

const headerText = fc
  .string({ maxLength: 200 })
  .map((text) => text.replace(/[^\x21-\x7e\x80-\xff ]/g, ''))

const anyAuthorization = fc.oneof(
  fc.constant(undefined),
  fc.constant('valid token'),
  fc.constant('valid key'),
  headerText.map((text) => `Bearer ${MARK}${text}`),
  headerText.map((text) => `${MARK}${text}`),
  fc.nat({ max: 20_000 }).map((length) => `Bearer ${'a'.repeat(length)}`),
  fc.constantFrom('Bearer', 'Basic YTpi', 'Bearer a, Bearer b'),
)

/** Expects a success, or an error that the operation lists and that is not internal_error. */
async function expectDocumented(response: Response): Promise<void> {
  const text = await response.text()
  // The reply that takes a message to the service desk names its two parties, as WeChat wants it.
  if (!text.includes('transfer_customer_service')) expect(text).not.toContain(MARK)
  expect([...response.headers.values()].join()).not.toContain(MARK)
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  const log = app.log.splice(0)
  expect(log.join()).not.toContain(MARK)
  app.warnings.length = 0
  if (response.ok) return
  const problem = JSON.parse(text) as ProblemBody
  expect(listCodes(LOGIN_API, log)).toContain(problem.code)
  expect(problem.code).not.toBe('internal_error')
  const { status, action } = ERRORS[problem.code as ErrorCode]
  expect([response.status, problem.status, problem.action]).toEqual([status, status, action])
}

function toAuthorization(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  const tokens: Record<string, string> = { 'valid token': token, 'valid key': SERVICE_KEY }
  const known = tokens[text]
  return { Authorization: known ? `Bearer ${known}` : text }
}

describe('arbitrary requests and answers', { timeout: Math.max(600_000, RUNS * 20) }, () => {
  it('Every endpoint answers as documented, whatever the body, its type and the Authorization', async () => {
    const request = fc.record({
      route: fc.constantFrom(...ROUTES),
      type: fc.oneof(fc.constantFrom(...JSON_TYPES), headerText),
      authorization: anyAuthorization,
      body: anyBody,
    })
    await check(request, async ({ route, type, authorization, body }) => {
      const headers = { ...(type && { 'Content-Type': type }), ...toAuthorization(authorization) }
      const init = route.method === 'GET' ? { headers } : { headers, method: route.method, body }
      return app.request(route.path.replace(':id', MARK).replace(':appid', APPID), init)
    })
  })

  it('Every endpoint answers as documented, whatever JSON a session or a backend sends', async () => {
    const posts = ROUTES.filter(({ method }) => method === 'POST')
    const request = fc.record({ route: fc.constantFrom(...posts), body: anyJson })
    await check(request, async ({ route, body }) => {
      const isForServices = route.path === '/subscribe-messages' || route.path === '/introspect'
      const credential = isForServices ? SERVICE_KEY : token
      const headers = { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json' }
      return app.request(route.path.replace(':appid', APPID), { method: 'POST', headers, body })
    })
  })

  it('Every endpoint answers as documented, whatever the path, the query and the method', async () => {
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
      path: fc.oneof(
        fc.webPath(),
        anyText.map((text) => `/sessions/${encodeURIComponent(text.toWellFormed())}`),
        fc.webQueryParameters().map((query) => `/wechat/events?echostr=${MARK}&${query}`),
        headerText.map((text) => `/${text}`),
      ),
      authorization: anyAuthorization,
    })
    await check(request, async ({ method, path, authorization }) =>
      app.request(path, { method, headers: toAuthorization(authorization) }),
    )
  })

  it('POST /login answers as documented, whatever the Referer, the User-Agent and the appid', async () => {
    const request = fc.record({ referer: headerText, userAgent: headerText, appid: anyValue })
    await check(request, async ({ referer, userAgent, appid }) => {
      const body = JSON.stringify({ code: `${MARK}x`, appid })
      const prefix = 'https://servicewechat.com/'
      const headers = {
        'Content-Type': 'application/json',
        Referer: `${prefix}${referer.trim()}`,
        'User-Agent': `${MARK}${userAgent}`,
      }
      return app.request('/login', { method: 'POST', headers, body })
    })
  })

  it('POST /wechat/events answers as documented, whatever event WeChat has signed', async () => {
    const events = fc.record({
      fields: fc.dictionary(fieldName(PUSH_FIELDS), anyValue, { maxKeys: 8 }),
      Event: fc.constantFrom('user_authorization_revoke', 'user_info_modified', undefined),
      raw: fc.option(anyJson, { freq: 5 }),
      isSafe: fc.boolean(),
    })
    const EVENTS = { send: async (message: object) => void structuredClone(message) }
    const WECHAT_PUSH_AES_KEY = undefined
    const safe = createTestApp({ settings: { EVENTS } })
    const plain = createTestApp({ settings: { EVENTS, WECHAT_PUSH_AES_KEY } })
    await check(events, async ({ fields, Event, raw, isSafe }) => {
      const target = isSafe ? safe : plain
      const event = { ...fields, ...(Event && { Event }) }
      const request = await pushRequest('https://login.example/wechat/events', event, {
        appid: APPID,
        token: env.WECHAT_PUSH_TOKEN,
        encodingAESKey: isSafe ? env.WECHAT_PUSH_AES_KEY : null,
        timestamp: target.clock.now,
      })
      const isRaw = raw !== null && !isSafe
      const sent = isRaw ? new Request(request.url, { method: 'POST', body: raw }) : request
      const response = await target.receive(sent)
      app.log.push(...target.log.splice(0))
      target.warnings.length = 0
      return response
    })
  })

  it('Every endpoint that calls WeChat answers as documented, whatever WeChat answers', async () => {
    const answer = fc.oneof(
      fc
        .dictionary(
          fc.constantFrom(
            'errcode',
            'errmsg',
            'openid',
            'session_key',
            'phone_info',
            'access_token',
            'expires_in',
          ),
          fc.oneof(
            anyValue,
            fc.constantFrom(0, -1, 40001, 40029, 87009, 'HyVFkGl5F5OQWJZZaNzBBg=='),
          ),
        )
        .map((fields) => JSON.stringify(fields)),
      anyJson,
    )
    const request = fc.record({
      answer,
      status: fc.constantFrom(200, 200, 200, 301, 404, 500, 503),
      call: fc.constantFrom('/login', '/phone-number', '/session/check', '/session/reset'),
    })
    const session = token
    await check(request, async ({ answer, status, call }) => {
      const other = createTestApp({ fetch: async () => new Response(answer, { status }) })
      const response = await other.send('POST', call, { token: session, body: { code: 'x' } })
      app.log.push(...other.log)
      return response
    })
  })
})

function check<Case>(cases: fc.Arbitrary<Case>, run: (input: Case) => Promise<Response>) {
  const property = fc.asyncProperty(cases, async (input) => expectDocumented(await run(input)))
  return fc.assert(property, { numRuns: RUNS, seed: inject('fuzzSeed') })
}
