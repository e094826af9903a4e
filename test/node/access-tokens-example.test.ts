/** The Node example of docs/access-tokens.md, with keys and tokens of the built Worker. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  exportPKCS8,
  generateKeyPair,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Backend, startBackend } from '../support/backend'
import { send } from '../support/environment'
import { readMarkdown } from '../support/markdown'

const ISSUER = 'https://login.example.com'

/** In node_modules, where the example finds jose. */
const folder = mkdtempSync(resolve('node_modules', '.docs-'))
let backend: Backend
let privateKey: CryptoKey
let sessionToken: string
let accessToken: string

beforeAll(async () => {
  const keys = await generateKeyPair('ES256', { extractable: true })
  privateKey = keys.privateKey
  const bindings = { ACCESS_TOKEN_KEY: await exportPKCS8(privateKey), ISSUER }
  backend = await startBackend({ bindings })
  sessionToken = await backend.logIn()
  const options = { token: sessionToken }
  const { answer } = await send(backend.url, 'POST', '/session/access-token', options)
  accessToken = (answer as { accessToken: string }).accessToken
})
afterAll(async () => {
  vi.unstubAllGlobals()
  await backend.close()
  rmSync(folder, { recursive: true })
})

/** `findUserId` of the example, without keys yet. It asks the Worker for them, or gets this answer. */
async function importExample(
  answer?: Response,
): Promise<(token: string) => Promise<string | null>> {
  vi.unstubAllGlobals()
  const { fetch } = globalThis
  const local = (url: string) => new URL(url.replace(ISSUER, ''), backend.url)
  vi.stubGlobal('fetch', async (url: string) => answer ?? fetch(local(url)))
  const blocks = readMarkdown('docs/access-tokens.md').codeBlocks
  const source = blocks.find(({ language }) => language === 'js')?.source ?? ''
  const file = join(folder, `${crypto.randomUUID()}.mjs`)
  writeFileSync(file, source)
  return (await import(file)).findUserId
}

/** The JWT access token, signed again with changes. */
function sign(payload: object, header: object = {}): Promise<string> {
  const protectedHeader = { ...decodeProtectedHeader(accessToken), alg: 'ES256', ...header }
  return new SignJWT({ ...decodeJwt(accessToken), ...payload })
    .setProtectedHeader(protectedHeader)
    .sign(privateKey)
}

it('The Node example tells whose JWT access token it is', async () => {
  const findUserId = await importExample()
  const [userId] = sessionToken.split('.')
  expect(await findUserId(accessToken)).toBe(userId)
  expect(await findUserId(await sign({}))).toBe(userId)
})

it('The Node example takes no other token', async () => {
  const findUserId = await importExample()
  const tokens = [
    '',
    sessionToken,
    `${accessToken.slice(0, -8)}AAAAAAAA`,
    await sign({ iss: 'https://other.example.com' }),
    await sign({ aud: 'wxba5fad812f8e6fb9' }),
    await sign({ exp: Math.floor(Date.now() / 1000) - 1 }),
    await sign({}, { typ: 'JWT' }),
    await sign({}, { kid: 'unknown' }),
  ]
  for (const token of tokens) expect([token, await findUserId(token)]).toEqual([token, null])
})

it('The Node example throws if the keys cannot be fetched', async () => {
  const findUserId = await importExample(new Response('', { status: 503 }))
  await expect(findUserId(accessToken)).rejects.toThrow()
})
