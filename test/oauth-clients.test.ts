/** What OAuth client libraries send and read, by RFC 6749, 7009, 7662 and 8414. */

import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { type LoginAnswer, type ProblemBody, SERVICE_KEY, useTestApp } from './support/app'

const app = useTestApp()
const BEARER = { Authorization: `Bearer ${SERVICE_KEY}` }
const BASIC = { Authorization: `Basic ${btoa(`backend:${SERVICE_KEY}`)}` }
const ENDPOINTS = ['/introspect', '/revoke'] as const
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

interface Sent {
  readonly form?: Record<string, string> | string
  readonly headers?: Record<string, string>
}

function post(path: string, { form = {}, headers = {} }: Sent): Promise<Response> {
  const fields = typeof form === 'string' ? form : { token: login.token, ...form }
  return app.request(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
}

async function toProblem(response: Response) {
  const { code, error, errors, detail } = await response.json<ProblemBody & { error?: string }>()
  return { status: response.status, code, error, path: errors?.[0]?.path, detail }
}

describe.each(ENDPOINTS)('a service key as client_secret at %s', (path) => {
  it('A service key in the form admits a backend, whatever its client_id', async () => {
    for (const form of [{}, { client_id: '' }, { client_id: 'backend' }]) {
      const response = await post(path, { form: { ...form, client_secret: SERVICE_KEY } })
      expect(response.status).toBe(200)
    }
  })

  it('Any one of several service keys admits, with every character as the form has it', async () => {
    const key = `${'k'.repeat(32)}+%2B&:=`
    app.replace({ settings: { SERVICE_KEYS: `${'l'.repeat(32)}, ${key}` } })
    expect((await post(path, { form: { client_secret: key } })).status).toBe(200)
  })

  it('A key that is none of SERVICE_KEYS is refused, and the detail names all three ways', async () => {
    for (const client_secret of [`${SERVICE_KEY}x`, SERVICE_KEY.slice(1), login.token]) {
      const response = await post(path, { form: { client_secret } })
      expect(response.headers.get('WWW-Authenticate')).toContain('Basic realm="code2session"')
      const { detail, ...problem } = await toProblem(response)
      expect(problem).toEqual({
        status: 401,
        code: 'service_key_invalid',
        error: 'invalid_client',
        path: undefined,
      })
      for (const way of ['Bearer', 'HTTP Basic', 'client_secret']) expect(detail).toContain(way)
    }
  })

  it('Without any credential the detail names all three ways', async () => {
    for (const form of [{}, { client_id: 'backend' }, { client_secret: '' }]) {
      const { detail, ...problem } = await toProblem(await post(path, { form }))
      expect(problem).toMatchObject({ code: 'service_key_required', error: 'invalid_client' })
      for (const way of ['Bearer', 'HTTP Basic', 'client_secret']) expect(detail).toContain(way)
    }
  })

  it('A client_secret beside an Authorization header is invalid_request, even if both are right', async () => {
    for (const headers of [BEARER, BASIC]) {
      const response = await post(path, { headers, form: { client_secret: SERVICE_KEY } })
      expect(await toProblem(response)).toMatchObject({
        status: 400,
        code: 'invalid_request',
        error: 'invalid_request',
        path: 'client_secret',
      })
    }
  })

  it('A client_id beside an Authorization header is no second credential', async () => {
    for (const headers of [BEARER, BASIC]) {
      expect((await post(path, { headers, form: { client_id: 'backend' } })).status).toBe(200)
    }
  })

  it('A wrong Authorization header is refused though the client_secret is right', async () => {
    for (const Authorization of ['Bearer x', 'Basic eDp5', 'Digest x']) {
      const form = { client_secret: SERVICE_KEY }
      expect((await post(path, { headers: { Authorization }, form })).status).toBe(401)
    }
  })

  it('A client_secret that is repeated is invalid_request', async () => {
    const form = `token=x&client_secret=${SERVICE_KEY}&client_secret=${SERVICE_KEY}`
    expect(await toProblem(await post(path, { form }))).toMatchObject({
      code: 'invalid_request',
      path: 'client_secret',
    })
  })

  it('Wrong credentials in the header are refused before the body is read', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull() {
        throw new Error('the body was read')
      },
    })
    const headers = { Authorization: 'Bearer x', 'Content-Type': 'text/plain' }
    const response = await app.request(path, { method: 'POST', headers, body })
    expect(await toProblem(response)).toMatchObject({ code: 'service_key_invalid' })
  })
})

describe.each(ENDPOINTS)('the failures of %s', (path) => {
  const send = async (body: BodyInit, type: string, headers: Record<string, string> = {}) => {
    const typed = { ...headers, 'Content-Type': type }
    return toProblem(await app.request(path, { method: 'POST', headers: typed, body }))
  }
  const FORM = 'application/x-www-form-urlencoded'

  it('400, 413 and 415 are invalid_request to OAuth clients', async () => {
    const refused = [
      await send('', FORM, BEARER),
      await send(`client_secret=${SERVICE_KEY}`, FORM),
      await send(`token=${'x'.repeat(70_000)}`, FORM, BEARER),
      await send('{}', 'application/json', BEARER),
    ]
    expect(refused.map(({ status, error }) => [status, error])).toEqual(
      [400, 400, 413, 415].map((status) => [status, 'invalid_request']),
    )
  })

  it('Without a header, a body that is no form has no credential', async () => {
    const body = `token=x&client_secret=${SERVICE_KEY}`
    for (const type of ['application/json', `${FORM}2`, `text/${FORM}`]) {
      expect(await send(body, type)).toMatchObject({
        status: 401,
        code: 'service_key_required',
        error: 'invalid_client',
      })
    }
  })

  it('404, 405 and 503 have no code of OAuth', async () => {
    const wrongMethod = await toProblem(await app.request(path, { method: 'PUT', headers: BEARER }))
    app.kv.down.add('get')
    const down = await toProblem(await post(path, { headers: BEARER }))
    app.replace({ settings: { SERVICE_KEYS: undefined } })
    const off = await toProblem(await post(path, { headers: BEARER }))
    expect([wrongMethod, down, off].map(({ status, error }) => [status, error])).toEqual(
      [405, 503, 404].map((status) => [status, undefined]),
    )
  })
})

describe('GET /.well-known/oauth-authorization-server', () => {
  const PATH = '/.well-known/oauth-authorization-server'
  const discover = (origin = 'https://login.example') => app.receive(new Request(origin + PATH))

  it('The metadata names the endpoints at the origin that was asked, and how to authenticate', async () => {
    app.replace({ settings: { ISSUER: undefined, ACCESS_TOKEN_KEY: undefined } })
    const response = await discover()
    expect([response.status, response.headers.get('Content-Type')]).toEqual([
      200,
      'application/json',
    ])
    expect(await response.json()).toEqual({
      issuer: 'https://login.example',
      introspection_endpoint: 'https://login.example/introspect',
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'Bearer',
      ],
      revocation_endpoint: 'https://login.example/revoke',
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      response_types_supported: [],
      grant_types_supported: [],
    })
  })

  it.each(['https://login.example.com', 'https://example.com/login', 'http://localhost:8787'])(
    'ISSUER %o is the issuer, whatever origin was asked',
    async (ISSUER) => {
      app.replace({ settings: { ISSUER } })
      expect(await (await discover('http://10.0.0.1:8080')).json()).toMatchObject({
        issuer: ISSUER,
        introspection_endpoint: `${ISSUER}/introspect`,
        revocation_endpoint: `${ISSUER}/revoke`,
        jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      })
    },
  )

  it.each([
    'login.example.com',
    'http://login.example.com',
    'https://login.example.com/',
    'https://login.example.com?x',
    'https://login.example.com#x',
    'https://user@login.example.com',
  ])('ISSUER %o is wrong', async (ISSUER) => {
    app.replace({ settings: { ISSUER } })
    expect(await toProblem(await discover())).toMatchObject({ code: 'misconfigured' })
  })

  it('The metadata names only what is on', async () => {
    app.replace({ settings: { SERVICE_KEYS: undefined } })
    expect(await (await discover()).json()).toEqual({
      issuer: env.ISSUER,
      jwks_uri: `${env.ISSUER}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    })
    app.replace({ settings: { SERVICE_KEYS: 'short' } })
    expect(await (await discover()).json()).not.toHaveProperty('introspection_endpoint')
    app.replace({ settings: { ACCESS_TOKEN_KEY: 'no key' } })
    expect(await (await discover()).json()).not.toHaveProperty('jwks_uri')
  })

  it.each([
    { SERVICE_KEYS: undefined, ISSUER: undefined },
    { SERVICE_KEYS: undefined, ACCESS_TOKEN_KEY: 'no key' },
    { SERVICE_KEYS: 'short', ACCESS_TOKEN_KEY: undefined },
  ])('The metadata is misconfigured where all that is on is wrong: %o', async (settings) => {
    app.replace({ settings })
    expect(await toProblem(await discover())).toMatchObject({ code: 'misconfigured' })
  })

  it('There is no metadata without SERVICE_KEYS and ACCESS_TOKEN_KEY', async () => {
    app.replace({ settings: { SERVICE_KEYS: undefined, ACCESS_TOKEN_KEY: undefined } })
    expect((await discover()).status).toBe(404)
  })
})
