import { beforeEach, describe, expect, it } from 'vitest'
import {
  APPID,
  type LoginAnswer,
  NO_KEYS,
  type ProblemBody,
  SERVICE_KEY,
  useTestApp,
} from './support/app'

const GATEWAY_KEY = 'g'.repeat(32)
const app = useTestApp({ settings: { GATEWAY_KEYS: `${'f'.repeat(32)}, ${GATEWAY_KEY}` } })
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

interface Asked {
  readonly token?: string | null
  readonly key?: string | null
  readonly method?: string
  readonly path?: string
}

/** What a gateway asks about a request of a phone. */
function ask(asked: Asked = {}): Promise<Response> {
  const { token = login.token, key = GATEWAY_KEY, method = 'GET', path = '/forward-auth' } = asked
  const headers = {
    ...(token !== null && { Authorization: `Bearer ${token}` }),
    ...(key !== null && { 'X-Service-Key': key }),
  }
  return app.request(path, { method, headers })
}

async function refuse(asked: Asked): Promise<[number, string, string | null]> {
  const { status, headers, ...response } = await toRead(await ask(asked))
  expect(Object.keys(toUserHeaders(headers))).toEqual([])
  return [status, response.problem.code, headers.get('WWW-Authenticate')]
}

async function toRead(response: Response) {
  const { status, headers } = response
  return { status, headers, problem: await response.json<ProblemBody>() }
}

const NAMES = ['x-user-id', 'x-appid', 'x-openid', 'x-unionid', 'x-claims']

function toUserHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => NAMES.includes(name)))
}

const parseClaims = (headers: Headers) =>
  JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(headers.get('X-Claims') ?? '', URL_ALPHABET)),
  )
const URL_ALPHABET = { alphabet: 'base64url' } as const

/** Logs in a user whom WeChat describes so. */
async function logInAs(user: { openid: string; unionid?: string }): Promise<string> {
  app.setAnswer('/sns/jscode2session', { ...user, session_key: 'HyVFkGl5F5OQWJZZaNzBBg==' })
  const response = await app.send('POST', '/login', { body: { code: 'x' } })
  app.setAnswer('/sns/jscode2session', null)
  return (await response.json<LoginAnswer>()).token
}

describe('/forward-auth for a live session', () => {
  it('A gateway gets the user in headers, those without a value empty, and no body', async () => {
    app.kv.counts.get = 0
    const response = await ask()
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(toUserHeaders(response.headers)).toEqual({
      'x-user-id': login.userId,
      'x-appid': APPID,
      'x-openid': await app.getOpenid(),
      'x-unionid': expect.stringMatching(/^oU/),
      'x-claims': '',
    })
    expect(app.kv.counts.get).toBe(1)
    const token = await logInAs({ openid: 'o1' })
    expect((await ask({ token })).headers.get('X-Unionid')).toBe('')
  })

  it('X-Claims is base64url without padding of the JSON of the claims in UTF-8', async () => {
    for (const claims of [{ role: '编辑' }, { a: 1 }, { a: 12 }, { a: 123, b: ['?>~'] }]) {
      app.replace({
        settings: { GATEWAY_KEYS: GATEWAY_KEY },
        hooks: { onLogin: () => ({ claims }) },
      })
      const { token } = await app.login()
      const { headers } = await ask({ token })
      expect(headers.get('X-Claims')).toMatch(/^[\w-]+$/)
      expect(parseClaims(headers)).toEqual(claims)
    }
  })

  it('Bytes of X-Openid that are not visible ASCII, and %, are percent-encoded', async () => {
    const token = await logInAs({ openid: '!o%41 \r\nX: é张😀\u007f~', unionid: '\ud800' })
    const { headers } = await ask({ token })
    expect(headers.get('X-Openid')).toBe('!o%2541%20%0D%0AX:%20%C3%A9%E5%BC%A0%F0%9F%98%80%7F~')
    expect(headers.get('X-Unionid')).toBe('%EF%BF%BD')
  })

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'A %s of any path below /forward-auth is the same request, and its log line names one route',
    async (method) => {
      app.log.length = 0
      for (const end of [
        '',
        '/',
        '/orders/7?a=1',
        '//',
        '/%2e%2e%2fhealth',
        '/x/',
        '?/../health',
      ]) {
        const path = `/forward-auth${end}`
        const { status, headers } = await ask({ method, path })
        expect([path, status, headers.get('X-User-Id')]).toEqual([path, 200, login.userId])
        expect((await ask({ method, path, token: null })).status).toBe(401)
      }
      const routes = app.log.map((line) => JSON.parse(line).route)
      expect(new Set(routes)).toEqual(new Set(['/forward-auth/*']))
      expect(JSON.parse(app.log[0] ?? '')).toMatchObject({ method, status: 200, appid: APPID })
    },
  )

  it('A path that only begins like /forward-auth is another one', async () => {
    expect((await ask({ path: '/forward-authentication' })).status).toBe(404)
  })

  it('/forward-auth reads no request body, whatever its size and type', async () => {
    const headers = { Authorization: `Bearer ${login.token}`, 'X-Service-Key': GATEWAY_KEY }
    const init = { method: 'POST', headers, body: 'x'.repeat(70_000) }
    expect((await app.request('/forward-auth', init)).status).toBe(200)
  })

  it('No limit counts what gateways ask', async () => {
    const full = { limit: async () => ({ success: false }) }
    app.replace({ settings: { GATEWAY_KEYS: GATEWAY_KEY, LOGIN_LIMIT: full, USER_LIMIT: full } })
    expect((await ask()).status).toBe(200)
  })
})

describe('/forward-auth for any other token', () => {
  it('/forward-auth answers 401 as elsewhere without a token, or to one that is dead or forged', async () => {
    const ended = await app.login()
    await app.send('DELETE', '/session', { token: ended.token })
    expect(await refuse({ token: null })).toEqual([
      401,
      'session_required',
      'Bearer realm="code2session"',
    ])
    for (const token of ['', 'x', ended.token, `${login.userId}.${'A'.repeat(64)}`]) {
      expect(await refuse({ token })).toEqual([
        401,
        'session_invalid',
        'Bearer realm="code2session", error="invalid_token"',
      ])
    }
  })

  it('/forward-auth answers 503 if KV fails, and calls nobody unknown', async () => {
    app.kv.down.add('get')
    expect(await refuse({})).toEqual([503, 'store_unavailable', null])
  })
})

describe('the key of a gateway', () => {
  it('/forward-auth takes one of GATEWAY_KEYS or of SERVICE_KEYS', async () => {
    for (const key of ['f'.repeat(32), GATEWAY_KEY, SERVICE_KEY]) {
      expect((await ask({ key })).status).toBe(200)
    }
  })

  it('Without a key /forward-auth answers 403 and never 401, whatever the token, and reads no KV', async () => {
    app.kv.counts.get = 0
    for (const key of [null, '', 'g', `${GATEWAY_KEY}g`, `${GATEWAY_KEY}, ${GATEWAY_KEY}`]) {
      for (const token of [login.token, 'x', null]) {
        expect(await refuse({ key, token })).toEqual([403, 'gateway_key_invalid', null])
      }
    }
    expect(app.kv.counts.get).toBe(0)
  })

  it('A key of a gateway opens nothing else', async () => {
    const paths = ['/introspect', '/revoke', '/session-key/sign', '/wechat/api/wxa/x']
    for (const path of [...paths, '/subscribe-messages']) {
      const response = await app.send('POST', path, { token: GATEWAY_KEY, body: {} })
      expect([path, (await response.json<ProblemBody>()).code]).toEqual([
        path,
        'service_key_invalid',
      ])
    }
  })

  it('A service key suffices for /forward-auth, which does not exist without any keys', async () => {
    app.replace({ settings: { GATEWAY_KEYS: undefined } })
    expect((await ask({ key: SERVICE_KEY })).status).toBe(200)
    app.replace({ settings: NO_KEYS })
    expect(await refuse({ key: SERVICE_KEY })).toEqual([404, 'not_found', null])
    expect(JSON.parse(app.warnings[0] ?? '').settings[0]).toMatch(/^GATEWAY_KEYS is not set/)
  })

  it('A wrong GATEWAY_KEYS stops gateways and nothing else', async () => {
    app.replace({ settings: { GATEWAY_KEYS: 'short' } })
    expect(await refuse({ key: SERVICE_KEY })).toEqual([500, 'misconfigured', null])
    expect((await app.send('POST', '/introspect', { token: SERVICE_KEY })).status).toBe(415)
  })

  it('A wrong SERVICE_KEYS stops gateways that have no keys of their own', async () => {
    app.replace({ settings: { SERVICE_KEYS: 'short', GATEWAY_KEYS: undefined } })
    expect(await refuse({})).toEqual([500, 'misconfigured', null])
    app.replace({ settings: { SERVICE_KEYS: 'short', GATEWAY_KEYS: GATEWAY_KEY } })
    expect((await ask()).status).toBe(200)
  })
})
