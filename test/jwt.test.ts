/** JWT access tokens: what they say, what takes them, and what forges none. */

import { env } from 'cloudflare:workers'
import {
  createLocalJWKSet,
  importPKCS8,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { APPID, type LoginAnswer, SERVICE_KEY, useTestApp } from './support/app'
import { MERCHANT } from './support/wechat-pay'

const PATH = '/session/access-token'
const ISSUER = 'https://login.example/wx'
/** Another P-256 key: without its public key, with zeros at its start, and `-_` in its base64url. */
const OTHER_KEY =
  'MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD7/78ABw=='

/** What `openssl ecparam -name prime256v1 -genkey` has made. */
const SEC1_KEY =
  'MHcCAQEEIN998mnNfejTNoNYX3pEc5KIQMXwmAKtaW4sJbrkfZoboAoGCCqGSM49AwEHoUQDQgAE9mffph27db1nQ+OZQs/n+1o+E0v16RuvTndtr/fVy4ZKGLqZaMvobAn15a+U1rARkFIKced7c371Fr7B6FRCpQ=='

const hooks = { onLogin: () => ({ claims: { role: '店主' } }) }
const settings = { ISSUER }
const app = useTestApp({ settings, hooks })
let login: LoginAnswer

beforeEach(async () => {
  login = await app.login()
})

const toPem = (key: string) => `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`

interface Answer {
  accessToken: string
  tokenType: string
  expiresIn: number
  expiresAt: string
}

async function issue(token = login.token): Promise<Answer> {
  const response = await app.send('POST', PATH, { token })
  expect(response.status, await response.clone().text()).toBe(200)
  return response.json<Answer>()
}

async function fetchKeys(): Promise<JSONWebKeySet> {
  return (await app.request('/.well-known/jwks.json')).json<JSONWebKeySet>()
}

/** What a backend does: jose's check with the options that the documents name. */
async function verify(token: string, audience = APPID) {
  const keys = createLocalJWKSet(await fetchKeys())
  const currentDate = new Date(app.clock.now * 1000)
  return jwtVerify(token, keys, {
    issuer: ISSUER,
    audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['exp'],
    currentDate,
  })
}

async function introspect(token: string): Promise<unknown> {
  const response = await app.request('/introspect', {
    method: 'POST',
    headers: { Authorization: `Bearer ${SERVICE_KEY}` },
    body: new URLSearchParams({ token }),
  })
  expect(response.status).toBe(200)
  return response.json()
}

const INACTIVE = { active: false }

type Members = Readonly<Record<string, unknown>>

/** A token like one of ours, with these members replaced, and signed with a key of ours or another. */
async function forge(header: Members, payload: Members = {}, key = env.ACCESS_TOKEN_KEY) {
  const own = await verify((await issue()).accessToken)
  return new SignJWT({ ...own.payload, ...payload } as JWTPayload)
    .setProtectedHeader({ ...own.protectedHeader, ...header } as JWTHeaderParameters)
    .sign(await importPKCS8(toPem(key), 'ES256'), { crit: { x: true } })
}

const toPart = (text: string) =>
  new TextEncoder().encode(text).toBase64({ alphabet: 'base64url', omitPadding: true })

/** A token with these texts as header and payload, signed with a key of ours. */
async function signTexts(header: string, payload: string): Promise<string> {
  const signed = `${toPart(header)}.${toPart(payload)}`
  const key = (await importPKCS8(toPem(env.ACCESS_TOKEN_KEY), 'ES256')) as CryptoKey
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(signed))
  const bytes = new Uint8Array(signature)
  return `${signed}.${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}

const readPart = (part = '') =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: 'base64url' })))

describe('POST /session/access-token', () => {
  it('A JWT access token is that of RFC 9068, and jose verifies it', async () => {
    const answer = await issue()
    const { now } = app.clock
    expect(answer).toEqual({
      accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{86}$/),
      tokenType: 'Bearer',
      expiresIn: 300,
      expiresAt: new Date((now + 300) * 1000).toISOString(),
    })
    const { payload, protectedHeader } = await verify(answer.accessToken)
    const [key] = (await fetchKeys()).keys
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: key?.kid })
    const { sessions } = await (await app.send('GET', '/sessions', { token: login.token })).json<{
      sessions: { id: string }[]
    }>()
    expect(payload).toEqual({
      iss: ISSUER,
      sub: login.userId,
      aud: APPID,
      client_id: APPID,
      iat: now,
      exp: now + 300,
      sid: sessions[0]?.id,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      ctx: expect.stringMatching(/^[\w-]+$/),
    })
  })

  it('POST /session/access-token takes one KV read and no write, and reads no body', async () => {
    const before = { ...app.kv.counts }
    const headers = { Authorization: `Bearer ${login.token}` }
    const body = '{'
    expect((await app.request(PATH, { method: 'POST', headers, body })).status).toBe(200)
    expect(app.kv.counts).toEqual({ ...before, get: before.get + 1 })
  })

  it('The phone learns neither openid nor unionid nor claims, nor how long they are', async () => {
    const { accessToken } = await issue()
    const known = [await app.getOpenid(), 'unionid', '店主', 'role']
    for (const part of accessToken.split('.')) {
      const text = new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: 'base64url' }))
      for (const secret of known) expect(text).not.toContain(secret)
    }
    app.replace({ settings })
    const { token } = await app.login()
    expect((await issue(token)).accessToken).toHaveLength(accessToken.length)
  })

  it('A JWT access token lasts for ACCESS_TOKEN_TTL, and never longer than the session', async () => {
    app.replace({ settings: { ...settings, ACCESS_TOKEN_TTL: '900' } })
    expect((await issue()).expiresIn).toBe(900)
    app.clock.now += 604800 - 100
    const { accessToken, ...answer } = await issue()
    expect(answer).toMatchObject({ expiresIn: 100, expiresAt: login.expiresAt })
    app.clock.now += 99
    expect(await introspect(accessToken)).toMatchObject({ active: true })
    app.clock.now += 1
    expect(await introspect(accessToken)).toEqual(INACTIVE)
  })

  it('Without a session there is no JWT access token', async () => {
    const codes = [undefined, 'x', (await issue()).accessToken].map(async (token) => {
      const response = await app.send('POST', PATH, token === undefined ? {} : { token })
      return (await response.json<{ code: string }>()).code
    })
    expect(await Promise.all(codes)).toEqual([
      'session_required',
      'session_invalid',
      'session_invalid',
    ])
  })
})

describe('GET /.well-known/jwks.json', () => {
  it('The key set has the public half of each key, and caches keep it for 5 minutes', async () => {
    app.replace({
      settings: { ...settings, ACCESS_TOKEN_KEY: toPem(env.ACCESS_TOKEN_KEY) + toPem(OTHER_KEY) },
    })
    const response = await app.request('/.well-known/jwks.json')
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'public, max-age=300',
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    })
    const member = { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' }
    const coordinate = expect.stringMatching(/^[\w-]{43}$/)
    expect(await response.json()).toEqual({
      keys: [
        {
          ...member,
          x: coordinate,
          y: coordinate,
          kid: '9gMy0wg6yIqlMwdPYlL6Rnr8KLCPjrcS2cA2PiAU2yc',
        },
        // From OpenSSL: of the other private key.
        {
          ...member,
          x: 'PsbFxFKG8g_YCqfuVckjPC4ng8gJt7ZcQFv5kDNDV4o',
          y: 'vEEPVjS53aJiADiIf6VCH7NQuw0hTEtCUe6h9O2QetA',
          kid: expect.stringMatching(/^[\w-]{43}$/),
        },
      ],
    })
  })
})

describe('what takes a JWT access token', () => {
  it('POST /introspect and RPC verify tell whose a JWT access token is, as for the token of the session', async () => {
    const ofSession = await introspect(login.token)
    app.clock.now += 10
    const { accessToken } = await issue()
    const { now } = app.clock
    const expected = { ...Object(ofSession), iat: now, exp: now + 300 }
    expect(await introspect(accessToken)).toEqual(expected)
    expect(expected).toMatchObject({ openid: await app.getOpenid(), claims: { role: '店主' } })
    const headers = { Authorization: `Bearer ${accessToken}`, 'X-Service-Key': SERVICE_KEY }
    const forwarded = await app.request('/forward-auth', { headers })
    expect(forwarded.headers.get('X-Openid')).toBe(await app.getOpenid())
    const service = app.service(app.bindings)
    expect((await service.verifyToken(accessToken))?.session).toMatchObject({
      createdAt: now - 10,
      expiresAt: now - 10 + 604800,
    })
  })

  it('A check of a JWT access token takes one KV read', async () => {
    const { accessToken } = await issue()
    const before = { ...app.kv.counts }
    await introspect(accessToken)
    expect(app.kv.counts).toEqual({ ...before, get: before.get + 1 })
  })

  it('POST /introspect answers 503 if KV fails, and does not call the token inactive', async () => {
    const { accessToken: token } = await issue()
    app.kv.down.add('get')
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    const body = new URLSearchParams({ token })
    const response = await app.request('/introspect', { method: 'POST', headers, body })
    expect(response.status).toBe(503)
  })

  it.each([
    ['a log-out', () => app.send('DELETE', '/session', { token: login.token })],
    ['an end of all sessions', () => app.send('DELETE', '/sessions', { token: login.token })],
    ['the next login', () => app.login({ token: login.token })],
    ['a reset', () => app.send('POST', '/session/reset', { token: login.token })],
    ['a revocation', () => app.service(app.bindings).endAllSessions({ userId: login.userId })],
  ])('It is dead after %s', async (_, end) => {
    const { accessToken } = await issue()
    expect(await introspect(accessToken)).toMatchObject({ active: true })
    await end()
    expect(await introspect(accessToken)).toEqual(INACTIVE)
  })

  it('Every endpoint of the phone refuses a JWT access token, without a KV read', async () => {
    const { accessToken: token } = await issue()
    const before = { ...app.kv.counts }
    for (const call of [
      'GET /session',
      'DELETE /session',
      'GET /sessions',
      'DELETE /sessions',
      'POST /session/check',
      'POST /session/reset',
      'POST /session/access-token',
      'POST /open-data/decrypt',
      'POST /phone-number',
    ]) {
      const [method = '', path = ''] = call.split(' ')
      const response = await app.send(method, path, {
        token,
        ...(method === 'POST' && { body: {} }),
      })
      expect([call, await response.json()]).toMatchObject([call, { code: 'session_invalid' }])
    }
    for (const path of ['/session-key/sign', '/session-key/encryption-keys']) {
      const body = { token, text: 'x' }
      const response = await app.send('POST', path, { token: SERVICE_KEY, body })
      expect([path, await response.json()]).toMatchObject([path, { code: 'session_invalid' }])
    }
    expect(app.kv.counts).toEqual(before)
  })

  it('POST /revoke of a JWT access token answers 200 and ends nothing, and a login with one replaces nothing', async () => {
    const { accessToken: token } = await issue()
    const headers = { Authorization: `Bearer ${SERVICE_KEY}` }
    const init = { method: 'POST', headers, body: new URLSearchParams({ token }) }
    expect((await app.request('/revoke', init)).status).toBe(200)
    await app.login({ token })
    expect(await introspect(token)).toMatchObject({ active: true })
  })
})

describe('a forged JWT access token', () => {
  const now = () => app.clock.now

  it.each<[string, () => Promise<string>]>([
    [
      'without a signature and with alg none',
      async () => {
        const [, payload] = (await issue()).accessToken.split('.')
        return `${toPart('{"alg":"none","typ":"at+jwt"}')}.${payload}.`
      },
    ],
    [
      'with an HMAC under the public key',
      async () => {
        const {
          keys: [key],
        } = await fetchKeys()
        const own = await verify((await issue()).accessToken)
        return new SignJWT(own.payload)
          .setProtectedHeader({ ...own.protectedHeader, alg: 'HS256' })
          .sign(new TextEncoder().encode(JSON.stringify(key)))
      },
    ],
    [
      'whose header names another algorithm, with a signature of ours',
      async () => {
        const [header, payload] = (await issue()).accessToken.split('.').slice(0, 2).map(readPart)
        return signTexts(JSON.stringify({ ...header, alg: 'ES384' }), JSON.stringify(payload))
      },
    ],
    ['whose signature has 65 bytes', async () => `${(await issue()).accessToken.slice(0, -2)}AAA`],
    ['of another key', () => forge({}, {}, OTHER_KEY)],
    ['of a kid that is not ours', () => forge({ kid: 'x' })],
    [
      'with a kid that is an array',
      () => forge({ kid: ['9gMy0wg6yIqlMwdPYlL6Rnr8KLCPjrcS2cA2PiAU2yc'] }),
    ],
    ['with typ JWT', () => forge({ typ: 'JWT' })],
    ['without typ', () => forge({ typ: undefined })],
    ['with an extension that is critical', () => forge({ crit: ['x'], x: 1 })],
    [
      'with crit of the wrong type',
      async () => {
        const [header, payload] = (await issue()).accessToken.split('.').slice(0, 2).map(readPart)
        return signTexts(JSON.stringify({ ...header, crit: null }), JSON.stringify(payload))
      },
    ],
    ['of another issuer', () => forge({}, { iss: 'https://login.example' })],
    ['for another mini program', () => forge({}, { aud: 'wx2', client_id: 'wx2' })],
    ['that is over', () => forge({}, { exp: now() })],
    ['with exp as a text', () => forge({}, { exp: String(now() + 60) })],
    ['without exp', () => forge({}, { exp: undefined })],
    ['with characters behind it', async () => `${(await issue()).accessToken}A`],
    ['with a fourth part', async () => `${(await issue()).accessToken}.e30`],
    ['whose header is no JSON', () => signTexts('{', '{}')],
    ['whose header is an array', () => signTexts('[]', '{}')],
    [
      'whose payload is null',
      async () => {
        const [header] = (await issue()).accessToken.split('.')
        return signTexts(JSON.stringify(readPart(header)), 'null')
      },
    ],
  ])('One %s is refused, by jose as well', async (_, make) => {
    const token = await make()
    await expect(verify(token)).rejects.toThrow()
    const { get } = app.kv.counts
    expect(await introspect(token)).toEqual(INACTIVE)
    expect(app.kv.counts.get).toBe(get)
  })

  it.each<[string, () => Promise<string>]>([
    // RFC 9068 allows these spellings. This server has never issued one.
    ['whose typ is spelled differently', () => forge({ typ: 'application/at+jwt' })],
    ['whose typ is in capitals', () => forge({ typ: 'AT+JWT' })],
    ['with several audiences', () => forge({}, { aud: [APPID] })],
    ['whose client is another', () => forge({}, { client_id: 'wx2' })],
    ['with a sub that is no userId', () => forge({}, { sub: `${login.userId}:` })],
    ['with a sid that is no id', () => forge({}, { sid: '../x' })],
    ['with a ctx that is altered', () => forge({}, { ctx: 'AAAA' })],
    ['with another jti', () => forge({}, { jti: 'x' })],
    [
      'with the ctx of another token',
      async () => {
        const { accessToken } = await issue()
        return forge({}, { ctx: readPart(accessToken.split('.')[1]).ctx })
      },
    ],
    [
      'with the sid of another session of the user',
      async () => {
        const other = await issue((await app.login()).token)
        return forge({}, { sid: readPart(other.accessToken.split('.')[1]).sid })
      },
    ],
    ['of more than 8 KiB', () => forge({}, { x: 'x'.repeat(8192) })],
    [
      'with the other spelling of its last character',
      async () => {
        const { accessToken } = await issue()
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        const last = alphabet.indexOf(accessToken.slice(-1))
        return accessToken.slice(0, -1) + alphabet[last + 1]
      },
    ],
    ['with padding', async () => `${(await issue()).accessToken}==`],
  ])('One %s is refused', async (_, make) => {
    const token = await make()
    expect(await introspect(token)).toEqual(INACTIVE)
  })

  it('What a forged JWT access token is made of would be taken, but for the forgery', async () => {
    expect(await introspect(await forge({}, { x: 'x'.repeat(1000) }))).toMatchObject({
      active: true,
    })
  })
})

describe('the settings of JWT access tokens', () => {
  const toCode = async (response: Response) =>
    (await response.json<{ code?: string }>()).code ?? 200

  /** What both endpoints answer, and introspection of a token that the right settings have issued. */
  async function useSettings(wrong: Record<string, unknown>) {
    const { accessToken } = await issue()
    app.replace({ settings: { ...settings, ...wrong } })
    const { token } = await app.login()
    return {
      codes: [
        await toCode(await app.send('POST', PATH, { token })),
        await toCode(await app.request('/.well-known/jwks.json')),
      ],
      answer: await introspect(accessToken),
      log: app.warnings.flatMap((line) => JSON.parse(line).settings),
    }
  }

  it.each<[string, Record<string, unknown>, string]>([
    ['a text that is no key', { ACCESS_TOKEN_KEY: 'secret' }, 'ACCESS_TOKEN_KEY'],
    [
      'a key that is cut off',
      { ACCESS_TOKEN_KEY: env.ACCESS_TOKEN_KEY.slice(0, 100) },
      'ACCESS_TOKEN_KEY',
    ],
    [
      'a second key that is wrong',
      { ACCESS_TOKEN_KEY: toPem(env.ACCESS_TOKEN_KEY) + toPem('MIGH') },
      'ACCESS_TOKEN_KEY',
    ],
    ['an RSA key', { ACCESS_TOKEN_KEY: MERCHANT.private_pkcs8_pem }, 'ACCESS_TOKEN_KEY'],
    ['a key of SEC 1, not PKCS#8', { ACCESS_TOKEN_KEY: SEC1_KEY }, 'ACCESS_TOKEN_KEY'],
    ['no ISSUER', { ISSUER: '' }, 'ISSUER'],
    ['an ISSUER with a slash at its end', { ISSUER: 'https://login.example/' }, 'ISSUER'],
    ['an ISSUER of plain http', { ISSUER: 'http://login.example' }, 'ISSUER'],
    ['an ACCESS_TOKEN_TTL of 59', { ACCESS_TOKEN_TTL: '59' }, 'ACCESS_TOKEN_TTL'],
    ['an ACCESS_TOKEN_TTL of 901', { ACCESS_TOKEN_TTL: '901' }, 'ACCESS_TOKEN_TTL'],
  ])(
    'With %s JWT access tokens are misconfigured, the log names it, and logins go on',
    async (_, wrong, name) => {
      const { codes, answer, log } = await useSettings(wrong)
      expect(codes).toEqual(['misconfigured', 'misconfigured'])
      expect(answer).toEqual(INACTIVE)
      expect(log).toContainEqual(expect.stringMatching(new RegExp(`^${name} `)))
      expect(log.join()).not.toContain(env.ACCESS_TOKEN_KEY.slice(20, 60))
    },
  )

  it('Without ACCESS_TOKEN_KEY there are no JWT access tokens, whatever ACCESS_TOKEN_TTL is', async () => {
    const off = { ACCESS_TOKEN_KEY: '\n', ACCESS_TOKEN_TTL: '0' }
    const { codes, answer } = await useSettings(off)
    expect(codes).toEqual(['not_found', 'not_found'])
    expect(answer).toEqual(INACTIVE)
  })

  it('The key of the sandbox is refused beside a real AppSecret', async () => {
    app.replace({ settings: { ...settings, WECHAT_APPSECRET: 'a'.repeat(32) } })
    expect(await toCode(await app.request('/.well-known/jwks.json'))).toBe('misconfigured')
    expect(app.warnings.join()).toContain('ACCESS_TOKEN_KEY has the key of the sandbox')
  })

  it('A key is imported once', async () => {
    await issue()
    const { importKey } = crypto.subtle
    let imports = 0
    crypto.subtle.importKey = ((...args: Parameters<typeof importKey>) => {
      // The session's own record has a key of its own.
      if (args[0] !== 'raw') imports++
      return importKey.apply(crypto.subtle, args)
    }) as typeof importKey
    try {
      await introspect((await issue()).accessToken)
    } finally {
      crypto.subtle.importKey = importKey
    }
    expect(imports).toBe(0)
  })
})

describe('the keys', () => {
  const BOTH = { ...settings, ACCESS_TOKEN_KEY: toPem(env.ACCESS_TOKEN_KEY) + toPem(OTHER_KEY) }
  const TURNED = { ...settings, ACCESS_TOKEN_KEY: toPem(OTHER_KEY) + toPem(env.ACCESS_TOKEN_KEY) }

  it('A rotation ends no token: what either key has signed opens, in every spelling', async () => {
    const { accessToken } = await issue()
    const [header] = accessToken.split('.')
    app.replace({ settings: BOTH })
    expect(await introspect(accessToken)).toMatchObject({ claims: { role: '店主' } })
    app.replace({ settings: TURNED })
    expect(await introspect(accessToken)).toMatchObject({ claims: { role: '店主' } })
    const next = (await issue()).accessToken
    expect(readPart(next.split('.')[0]).kid).not.toBe(readPart(header).kid)
    await verify(next)
    const spelled = `"${toPem(OTHER_KEY).replaceAll('\n', '\\n')}"`
    app.replace({ settings: { ...settings, ACCESS_TOKEN_KEY: spelled } })
    expect(await introspect(next)).toMatchObject({ active: true })
    expect(await introspect(accessToken)).toEqual(INACTIVE)
  })

  it('Blocks that are no private key do not count, whatever stands around them', async () => {
    const pem = `Bag Attributes\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----
${toPem(env.ACCESS_TOKEN_KEY)}-----BEGIN CERTIFICATE-----\nMIGH\n-----END CERTIFICATE-----\n${toPem(OTHER_KEY)}`
    app.replace({ settings: { ...settings, ACCESS_TOKEN_KEY: pem.replaceAll('\n', '\r\n') } })
    expect((await fetchKeys()).keys).toHaveLength(2)
  })

  it('A private key of another curve or of SEC 1 makes the setting wrong, wherever it stands', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384' }
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const { privateKey } = pair as CryptoKeyPair
    const p384 = await crypto.subtle.exportKey('pkcs8', privateKey)
    const sec1 = toPem('MCUCAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAH').replaceAll(
      'PRIVATE',
      'EC PRIVATE',
    )
    for (const bad of [toPem(new Uint8Array(p384 as ArrayBuffer).toBase64()), sec1]) {
      const good = toPem(env.ACCESS_TOKEN_KEY)
      for (const pems of [bad + good, good + bad]) {
        app.replace({ settings: { ...settings, ACCESS_TOKEN_KEY: pems } })
        expect((await app.request('/.well-known/jwks.json')).status).toBe(500)
      }
    }
  })

  it('A token does not name the key that has not signed it', async () => {
    app.replace({ settings: BOTH })
    const kid = (await fetchKeys()).keys[1]?.kid
    expect(await introspect(await forge({ kid }))).toEqual(INACTIVE)
  })
})
