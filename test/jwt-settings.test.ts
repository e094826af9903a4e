/** The settings of JWT access tokens: ACCESS_TOKEN_KEY with its keys, ISSUER and ACCESS_TOKEN_TTL. */

import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  INACTIVE,
  OTHER_KEY,
  readPart,
  settings,
  TOKEN_PATH,
  toPem,
  useJwtApp,
} from './support/jwt'
import { MERCHANT } from './support/wechat-pay'

const { app, issue, fetchKeys, verify, introspect, forge } = useJwtApp()

/** What `openssl ecparam -name prime256v1 -genkey` has made. */
const SEC1_KEY =
  'MHcCAQEEIN998mnNfejTNoNYX3pEc5KIQMXwmAKtaW4sJbrkfZoboAoGCCqGSM49AwEHoUQDQgAE9mffph27db1nQ+OZQs/n+1o+E0v16RuvTndtr/fVy4ZKGLqZaMvobAn15a+U1rARkFIKced7c371Fr7B6FRCpQ=='

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
        await toCode(await app.send('POST', TOKEN_PATH, { token })),
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
    expect((await app.request('/session/access-token', { method: 'POST' })).status).toBe(404)
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
