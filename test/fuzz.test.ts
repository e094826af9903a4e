/**
 * Arbitrary requests, and arbitrary answers of WeChat: no internal_error, and no part of them in the
 * response or in the log.
 *
 * `npm test` sends the same requests each time, and `npm run test:systems` others each day. FUZZ_RUNS
 * is their number for each property below. 100,000 take 20 minutes:
 *
 *     FUZZ_RUNS=100000 npx vitest run --config test/vitest.config.ts test/fuzz.test.ts
 *
 * Such a run takes another seed each time, and prints it if it fails; FUZZ_SEED repeats it.
 */

import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeEach } from 'vitest'
import { OPERATIONS } from '../openapi/login/operations'
import { FORM, type Operation } from '../openapi/operation'
import { APPID, createTestApp, SERVICE_KEY, useTestApp } from './support/app'
import {
  anyJson,
  anyText,
  anyValue,
  fieldName,
  headerText,
  MARK,
  marked,
} from './support/arbitraries'
import { expectDocumented } from './support/documented'
import { hookedKV } from './support/kv'
import { type Property, property, testProperties } from './support/properties'

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
  lang token text Encrypt Event OpenID __proto__ constructor toString length`
  .split(/\s+/)
  .concat(' OpenID', '')
const WECHAT_FIELDS = `errcode errmsg openid session_key phone_info access_token expires_in
  key_info_list`.split(/\s+/)

const app = useTestApp()
let token: string

beforeEach(async () => {
  token = (await app.login()).token
})

/** Sends a request, and logs in again if it has ended the session. */
async function request(path: string, init: RequestInit): Promise<void> {
  await expectDocumented(await app.request(path, init), app)
  if (init.method === 'GET' || (await app.service(app.bindings).findSession(token))) return
  token = (await app.login()).token
  app.log.length = 0
}

const basic = (password: string) => `Basic ${new TextEncoder().encode(`x:${password}`).toBase64()}`

const authorization = fc.oneof(
  fc.constantFrom(undefined, 'the token', `Bearer ${SERVICE_KEY}`, basic(SERVICE_KEY)),
  headerText.map((text) => `Bearer ${MARK}${text}`),
  headerText.map((text) => `${MARK}${text}`),
  headerText.map((text) => `Basic ${MARK}${text.replaceAll(' ', '')}`),
  marked.map(basic),
  fc.nat({ max: 20_000 }).map((length) => `Bearer ${'a'.repeat(length)}`),
  fc.constantFrom('Bearer', 'Basic YTpi', 'Basic', 'Bearer a, Bearer b'),
)

function toHeaders(value: string | undefined): Record<string, string> {
  if (value === undefined) return {}
  return { Authorization: value === 'the token' ? `Bearer ${token}` : value }
}

/** What the caller of an operation sends. */
function credentialOf({ caller }: Operation, isBasic: boolean): string | undefined {
  if (caller === 'anyone') return undefined
  if (caller === 'session' || caller === 'gateway') return 'the token'
  return caller === 'oauth' && isBasic ? basic(SERVICE_KEY) : `Bearer ${SERVICE_KEY}`
}

/** The path of an operation, with this text for its parameters, or with the examples. */
function fillPath({ path, parameters = [] }: Operation, text: string | null): string {
  return path.replace(/\{(\w+)\}/g, (_, name) => {
    const { example = '' } = parameters.find((parameter) => parameter.name === name) ?? {}
    const known = name === 'appid' ? APPID : example
    return text === null ? known : encodeURIComponent(text.toWellFormed())
  })
}

interface Content {
  readonly type: string
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** The body of an operation: its example, with these fields in place of its own. */
function fillBody({ body }: Operation, fields: object = {}): Content {
  const example: Record<string, unknown> = { ...Object(body?.example) }
  const filled = { ...example, ...(example.token !== undefined && { token }), ...fields }
  if (body?.type !== FORM) return { type: 'application/json', body: JSON.stringify(filled) }
  const texts = Object.entries(filled).map(([name, value]) =>
    typeof value === 'string' ? [name, value] : [name, String(JSON.stringify(value))],
  )
  return { type: FORM, body: String(new URLSearchParams(texts)) }
}

function toInit(operation: Operation, credential: string | undefined, content: Content) {
  const method = operation.method.toUpperCase()
  const headers = {
    ...toHeaders(credential),
    ...(operation.caller === 'gateway' && { 'X-Service-Key': SERVICE_KEY }),
    ...(content.type && { 'Content-Type': content.type }),
  }
  return { method, headers, ...(method !== 'GET' && { body: content.body }) }
}

const OWN = OPERATIONS.filter(({ path }) => path !== '/health')
const json = anyJson(FIELDS)
const pathText = fc.option(marked, { freq: 3 })

const requests: Record<string, Property> = {
  'Every operation answers as documented, whatever the body, its type and the Authorization':
    property(
      fc.record({
        operation: fc.constantFrom(...OWN),
        text: pathText,
        type: fc.oneof(fc.constantFrom(...JSON_TYPES), headerText),
        authorization,
        body: fc.oneof(json, json, fc.uint8Array({ maxLength: 300 }), fc.constant('x'.repeat(7e4))),
      }),
      async ({ operation, text, type, authorization, body }) => {
        await request(fillPath(operation, text), toInit(operation, authorization, { type, body }))
      },
    ),

  'Every operation answers its caller as documented, whatever the fields of the body': property(
    fc.record({
      operation: fc.constantFrom(...OWN),
      text: pathText,
      isBasic: fc.boolean(),
      fields: fc.dictionary(fieldName(FIELDS), anyValue, { maxKeys: 3 }),
      raw: fc.option(json, { freq: 2 }),
    }),
    async ({ operation, text, isBasic, fields, raw }) => {
      const { type, body } = fillBody(operation, fields)
      const content = { type, body: raw ?? body }
      const init = toInit(operation, credentialOf(operation, isBasic), content)
      await request(fillPath(operation, text), init)
    },
  ),

  'Every operation for backends answers as documented, whatever the Authorization': property(
    fc.record({
      operation: fc.constantFrom(...OWN.filter(({ tag }) => tag === 'Backend')),
      authorization,
    }),
    async ({ operation, authorization }) => {
      await request(
        fillPath(operation, null),
        toInit(operation, authorization, fillBody(operation)),
      )
    },
  ),

  'Every path answers as documented, whatever the query and the method': property(
    fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
      path: fc.oneof(
        fc.webPath(),
        anyText.map((text) => `/sessions/${encodeURIComponent(text.toWellFormed())}`),
        anyText.map((text) => `/users/${encodeURIComponent(text.toWellFormed())}/sessions`),
        fc.webPath().map((path) => `/wechat/api${path}`),
        fc.webPath().map((path) => `/forward-auth${path}`),
        headerText.map((text) => `/wechat/api/wxa/${text}`),
        fc.webQueryParameters().map((query) => `/wechat/api/wxa/x?${query}`),
        fc.webQueryParameters().map((query) => `/wechat/events?echostr=${MARK}&${query}`),
        headerText.map((text) => `/${text}`),
      ),
      authorization,
    }),
    ({ method, path, authorization }) =>
      request(path, { method, headers: toHeaders(authorization) }),
  ),

  'POST /login answers as documented, whatever the Referer, the User-Agent and the appid': property(
    fc.record({ referer: headerText, userAgent: headerText, appid: anyValue }),
    async ({ referer, userAgent, appid }) => {
      const headers = {
        'Content-Type': 'application/json',
        Referer: `https://servicewechat.com/${referer.trim()}`,
        'User-Agent': `${MARK}${userAgent}`,
      }
      const body = JSON.stringify({ code: `${MARK}x`, appid })
      await request('/login', { method: 'POST', headers, body })
    },
  ),
}

let wechat: (path: string) => Response
/** KV keeps no access_token, so that WeChat is asked for one. */
const forgetful = createTestApp({
  settings: {
    SESSIONS: hookedKV(env.SESSIONS, (operation, key, proceed) =>
      operation === 'get' && key.startsWith('access_token:') ? null : proceed(),
    ),
  },
  fetch: async ({ url }) => wechat(new URL(url).pathname),
})

const wechatJson = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom(...WECHAT_FIELDS),
      fc.oneof(
        anyValue,
        fc.constantFrom(0, -1, 40001, 40029, 87009, 7200, 'HyVFkGl5F5OQWJZZaNzBBg=='),
      ),
    )
    .map((fields) => JSON.stringify(fields)),
  anyJson(WECHAT_FIELDS),
)
/** An access_token, of which one part or the other is none. */
const tokenJson = fc
  .tuple(anyValue, fc.constantFrom('ACCESS_TOKEN', 7200))
  .map(([value, good]) =>
    JSON.stringify(
      good === 7200
        ? { access_token: value, expires_in: good }
        : { access_token: good, expires_in: value },
    ),
  )
const status = fc.constantFrom(200, 200, 200, 301, 404, 412, 500, 503)

const answers: Record<string, Property> = {
  'Every operation that calls WeChat answers as documented, whatever WeChat answers': property(
    fc.record({
      operation: fc.constantFrom(...OPERATIONS.filter(({ calls = [] }) => calls.length > 0)),
      own: fc.record({ body: wechatJson, status }),
      ofToken: fc.option(fc.record({ body: fc.oneof(tokenJson, wechatJson), status })),
    }),
    async ({ operation, own, ofToken }) => {
      const good = { body: '{"access_token":"ACCESS_TOKEN","expires_in":7200}', status: 200 }
      wechat = (path) => {
        const { body, status } = path === '/cgi-bin/stable_token' ? (ofToken ?? good) : own
        return new Response(body, { status })
      }
      forgetful.restart()
      const init = toInit(operation, credentialOf(operation, false), fillBody(operation))
      const response = await forgetful.request(fillPath(operation, null), init)
      await expectDocumented(response, forgetful)
    },
  ),
}

testProperties({ ...requests, ...answers })
