/** The configurations of docs/gateways.md, with the real programs, in front of a real server. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPort } from '../support/databases'
import { APPID, CREDENTIALS, type Environment, startEnvironment } from '../support/environment'
import { readMarkdown } from '../support/markdown'
import { findProgram } from '../support/programs'
import { startServer, type TestServer } from '../support/server'

const KEY = 'g'.repeat(32)
const NGINX = findProgram('nginx', '/usr/sbin/nginx')
const CADDY = findProgram('caddy', '/usr/bin/caddy')
const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
const children: ChildProcess[] = []

let environment: Environment
let login: TestServer
let backend: Server
let token: string

beforeAll(async () => {
  environment = await startEnvironment()
  const { url } = environment.upstream
  login = await startServer({
    env: { ...CREDENTIALS, WECHAT_API_BASE: url, GATEWAY_KEYS: KEY },
  })
  token = await environment.logIn(login.url)
  // Answers with the headers that it has received.
  backend = createServer(({ rawHeaders }, response) => response.end(JSON.stringify(rawHeaders)))
  await once(backend.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  for (const child of children) {
    const ended = once(child, 'close')
    child.kill()
    await ended
  }
  backend.close()
  await login.close()
  await environment.close()
  rmSync(directory, { recursive: true })
})

/** The configuration in the document, for this machine and without TLS. */
function readConfiguration(language: string): string {
  const { codeBlocks } = readMarkdown('docs/gateways.md')
  const { source = '' } = codeBlocks.find((block) => block.language === language) ?? {}
  const { port } = backend.address() as AddressInfo
  return source
    .replace('127.0.0.1:3000', `127.0.0.1:${port}`)
    .replace('login.example.com:443', login.url.host)
    .replace('https://login.example.com', login.url.origin)
    .replace('https://login/', 'http://login/')
    .replace(/^ *(ssl_certificate|server_name).*\n/gm, '')
}

/** Starts a gateway with this key: the URL at which it serves. */
const GATEWAYS = {
  nginx: async (key: string) => {
    const port = await findPort()
    const site = readConfiguration('nginx')
      .replace('<one of GATEWAY_KEYS>', key)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
    const files = mkdtempSync(join(directory, 'nginx-'))
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(files, name)};`,
    )
    const main = join(files, 'nginx.conf')
    writeFileSync(
      main,
      `daemon off; pid ${join(files, 'pid')}; events {} http { access_log off; ${paths.join(' ')}\n${site}}`,
    )
    children.push(spawn(NGINX.path, ['-c', main, '-e', join(files, 'errors')]))
    return new URL(`http://127.0.0.1:${port}`)
  },
  Caddy: async (key: string) => {
    const port = await findPort()
    const site = readConfiguration('caddyfile').replace(
      'api.example.com',
      `http://127.0.0.1:${port}`,
    )
    const main = join(mkdtempSync(join(directory, 'caddy-')), 'Caddyfile')
    writeFileSync(main, `{\n\tadmin off\n}\n${site}`)
    const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, GATEWAY_KEY: key }
    const args = ['run', '--config', main, '--adapter', 'caddyfile']
    children.push(spawn(CADDY.path, args, { env }))
    return new URL(`http://127.0.0.1:${port}`)
  },
}

interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** A request of a phone. It is repeated until the gateway accepts the connection. */
async function send(url: URL, headers: Record<string, string>): Promise<Reply> {
  for (;;) {
    const reply = await sendOnce(url, headers).catch(() => null)
    if (reply) return reply
  }
}

/** `fetch` would not send every name. */
function sendOnce(url: URL, headers: Record<string, string>): Promise<Reply> {
  const path = 'orders/7?full=1'
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: 'POST', headers }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      const isJson = /^[[{]/.test(text)
      resolve({
        status: response.statusCode ?? 0,
        headers: new Headers(response.headers as Record<string, string>),
        body: isJson ? JSON.parse(text) : text,
      })
    })
    sent.once('error', reject).end('{}')
  })
}

/** What a backend would take for headers of the gateway: their values by CGI's names. */
function toUser(rawHeaders: unknown): Record<string, string> {
  const raw = rawHeaders as string[]
  const pairs = raw.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toUpperCase().replace(/[^A-Z\d]/g, '_'), raw[index + 1] ?? '']] : [],
  )
  const user = pairs.filter(([name = '']) =>
    /^X_(USER_ID|APPID|OPENID|UNIONID|CLAIMS|SERVICE_KEY)$/.test(name),
  )
  // One name twice would show as a list.
  const byName = Object.groupBy(user, ([name = '']) => name)
  return Object.fromEntries(
    Object.entries(byName).map(([name, values = []]) => [
      name,
      values.map(([, value]) => value).join(', '),
    ]),
  )
}

const NAMES = ['X-User-Id', 'X-Appid', 'X-Openid', 'X-Unionid', 'X-Claims']
/** The names in every spelling, each with a value that nobody may get. */
const FORGED = Object.fromEntries(
  NAMES.flatMap((name) =>
    [name, name.replaceAll('-', '_'), name.replaceAll('-', '.'), name.replace('-', '_')].map(
      (spelling) => [spelling, 'forged'],
    ),
  ),
)

describe.each([
  ['nginx', NGINX.notice],
  ['Caddy', CADDY.notice],
] as const)('%s, configured as in docs/gateways.md', (name, notice) => {
  it.skipIf(notice)(
    `the backend gets the user of a live token, and nothing that the phone has forged${notice}`,
    async () => {
      const url = await GATEWAYS[name](KEY)
      const { status, body } = await send(url, { Authorization: `Bearer ${token}`, ...FORGED })
      const { X_CLAIMS: claims = '', ...user } = toUser(body)
      expect([status, user]).toEqual([
        200,
        {
          X_USER_ID: token.slice(0, 43),
          X_APPID: APPID,
          X_OPENID: expect.stringMatching(/^o\S+$/),
          X_UNIONID: expect.stringMatching(/^oU\S+$/),
        },
      ])
      expect(claims).toBe('')
    },
  )

  it.skipIf(notice)(
    `a request without a token, or with one that is dead or forged, gets the problem and the challenge${notice}`,
    async () => {
      const url = await GATEWAYS[name](KEY)
      const ended = await environment.logIn(login.url)
      await fetch(new URL('/session', login.url), {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${ended}` },
      })
      for (const dead of [ended, `${token.slice(0, 43)}.${'A'.repeat(64)}`, null]) {
        const { status, headers, body } = await send(url, {
          ...(dead && { Authorization: `Bearer ${dead}` }),
          ...FORGED,
        })
        const code = dead ? 'session_invalid' : 'session_required'
        expect([status, body]).toMatchObject([401, { code, action: 'login_again' }])
        expect(headers.get('WWW-Authenticate')).toBe(
          `Bearer realm="code2session"${dead ? ', error="invalid_token"' : ''}`,
        )
      }
    },
  )

  it.skipIf(notice)(
    `with a wrong key everybody is refused, and nobody logs in again${notice}`,
    async () => {
      const url = await GATEWAYS[name]('k'.repeat(32))
      const { status, headers } = await send(url, { Authorization: `Bearer ${token}` })
      expect([status, headers.get('WWW-Authenticate')]).toEqual([403, null])
    },
  )
})
