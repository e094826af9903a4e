/** An app that issues JWT access tokens, and what forges them. */

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
import { beforeEach, expect } from 'vitest'
import { APPID, type LoginAnswer, SERVICE_KEY, useTestApp } from './app'

export const TOKEN_PATH = '/session/access-token'
export const ISSUER = 'https://login.example/wx'
/** Another P-256 key: without its public key, with zeros at its start, and `-_` in its base64url. */
export const OTHER_KEY =
  'MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD7/78ABw=='

export const settings = { ISSUER }
const hooks = { onLogin: () => ({ claims: { role: '店主' } }) }

export const INACTIVE = { active: false }

type Members = Readonly<Record<string, unknown>>

interface Answer {
  accessToken: string
  tokenType: string
  expiresIn: number
  expiresAt: string
}

export const toPem = (key: string) =>
  `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`

export const toPart = (text: string) =>
  new TextEncoder().encode(text).toBase64({ alphabet: 'base64url', omitPadding: true })

export const readPart = (part = '') =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: 'base64url' })))

/** A token with these texts as header and payload, signed with a key of ours. */
export async function signTexts(header: string, payload: string): Promise<string> {
  const signed = `${toPart(header)}.${toPart(payload)}`
  const key = (await importPKCS8(toPem(env.ACCESS_TOKEN_KEY), 'ES256')) as CryptoKey
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(signed))
  const bytes = new Uint8Array(signature)
  return `${signed}.${bytes.toBase64({ alphabet: 'base64url', omitPadding: true })}`
}

/** The app, with a user who has logged in before each test. */
export function useJwtApp() {
  const app = useTestApp({ settings, hooks })
  let login: LoginAnswer

  beforeEach(async () => {
    login = await app.login()
  })

  async function issue(token = login.token): Promise<Answer> {
    const response = await app.send('POST', TOKEN_PATH, { token })
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

  /** A token like one of ours, with these members replaced, and signed with a key of ours or another. */
  async function forge(header: Members, payload: Members = {}, key = env.ACCESS_TOKEN_KEY) {
    const own = await verify((await issue()).accessToken)
    return new SignJWT({ ...own.payload, ...payload } as JWTPayload)
      .setProtectedHeader({ ...own.protectedHeader, ...header } as JWTHeaderParameters)
      .sign(await importPKCS8(toPem(key), 'ES256'), { crit: { x: true } })
  }

  return { app, getLogin: () => login, issue, fetchKeys, verify, introspect, forge }
}
