/** The server with SQLite, as `npm run serve` starts it. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Environment, send, startEnvironment } from '../support/environment'
import { runServer, startServer } from '../support/server'

const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('npm run serve', () => {
  let environment: Environment
  const settings = () => ({
    WECHAT_APPID: 'wx4f4bc4dec97d474b',
    WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
    WECHAT_API_BASE: environment.upstream.url,
    SERVICE_KEYS: 's'.repeat(32),
    STORE: `sqlite:${join(directory, 'sessions.db')}`,
  })
  beforeAll(async () => {
    environment = await startEnvironment()
  })
  afterAll(() => environment.close())

  it('the server says in one line where it listens, where it stores, and its version', async () => {
    const { STORE, ...env } = settings()
    // What the environment has counts more than the file.
    const server = await startServer({ env, file: `STORE=${STORE}\nWECHAT_APPID=\n` })
    await server.close()
    expect(server.output()).toMatch(
      /^code2session \d+\.\d+\.\d+ on http:\/\/127\.0\.0\.1:\d+, store sqlite:.*sessions\.db\n$/,
    )
  })

  it('a session of the server outlives a restart, and its file is for its owner alone', async () => {
    const first = await startServer({ env: settings() })
    const token = await environment.logIn(first.url)
    expect(await first.signal('SIGTERM')).toBe(0)
    await first.close()
    const file = join(directory, 'sessions.db')
    chmodSync(file, 0o644)
    const second = await startServer({ env: settings() })
    const { status } = await send(second.url, 'GET', '/session', { token })
    await second.close()
    expect(status).toBe(200)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it.each([
    [{ WECHAT_APPID: '', SESSION_TTL: '1' }, 'WECHAT_APPID is missing; SESSION_TTL must be'],
    [{ STORE: 'mongodb://localhost' }, 'STORE must be'],
    [{ PORT: 'http' }, 'PORT must be a whole number'],
    [{ HOOKS: './missing.mjs' }, 'HOOKS: ./missing.mjs does not load'],
    [{ EVENTS: 'events' }, 'EVENTS names a Redis stream'],
    [
      { HOST: '192.0.2.1', PORT: '' },
      'HOST, PORT: listen EADDRNOTAVAIL: address not available 192.0.2.1:8787',
    ],
  ])('a server with %j ends with 1 and says: %s', async (wrong, text) => {
    const { code, fault } = await runServer({ env: { ...settings(), ...wrong } })
    expect([code, fault.slice(0, text.length)]).toEqual([1, text])
  })

  it('the server serves the documents of the Worker, and no other file', async () => {
    const server = await startServer({ env: settings() })
    const fetchFile = (path: string, method = 'GET') =>
      fetch(new URL(path, server.url), { method, redirect: 'manual' })
    const root = await fetchFile('/')
    expect([root.status, root.headers.get('Location')]).toEqual([302, '/docs'])
    const hasHeaders = ({ headers }: Response) =>
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'")
    for (const [path, file, type] of [
      ['/docs', 'docs.html', 'text/html; charset=utf-8'],
      ['/docs.css', 'docs.css', 'text/css; charset=utf-8'],
      ['/docs.js', 'docs.js', 'text/javascript; charset=utf-8'],
      ['/openapi.json', 'openapi.json', 'application/json'],
      ['/openapi-pay.json', 'openapi-pay.json', 'application/json'],
    ] as const) {
      const response = await fetchFile(path)
      expect(await response.text()).toBe(readFileSync(`src/assets/${file}`, 'utf8'))
      expect(response.headers.get('Content-Type')).toBe(type)
      hasHeaders(response)
      expect((await fetchFile(path, 'HEAD')).status).toBe(200)
      expect((await fetchFile(path, 'POST')).status).toBe(404)
    }
    const moved = await fetchFile('/docs.html')
    expect([moved.status, moved.headers.get('Location')]).toEqual([307, '/docs'])
    hasHeaders(moved)
    for (const path of ['/_headers', '/assets/docs.html', '/docs/', '/%2e%2e/package.json']) {
      expect([path, (await fetchFile(path)).status]).toEqual([path, 404])
    }
    await server.close()
  })

  it('a hook of a module knows mini programs, and then the server needs no AppID', async () => {
    const withHook = join(directory, 'found.mjs')
    const without = join(directory, 'none.mjs')
    const hook = `findMiniProgram: ({ appid }) =>
      appid === 'wx5823bf96d3bd56c7' ? { appsecret: 'the-second-appsecret-is-public' } : null`
    writeFileSync(withHook, `export default { ${hook} }`)
    writeFileSync(without, 'export default { onLogin: () => null }')
    const own = { ...settings(), WECHAT_APPID: '', WECHAT_APPSECRET: '' }
    const server = await startServer({ env: { ...own, HOOKS: withHook } })
    const logIn = async (appid: string) => {
      const { code } = await environment.press('wx.login', { appid })
      return send(server.url, 'POST', '/login', { body: { code, appid } })
    }
    const { answer } = await logIn('wx5823bf96d3bd56c7')
    const { token } = answer as { token: string }
    const checked = await send(server.url, 'POST', '/session/check', { token })
    expect(checked).toMatchObject({ status: 200, answer: { valid: true } })
    expect((await logIn('wxba5fad812f8e6fb9')).status).toBe(400)
    await server.close()
    const { code, fault } = await runServer({ env: { ...own, HOOKS: without } })
    expect([code, fault]).toEqual([1, expect.stringContaining('no method findMiniProgram')])
  })

  it('hooks of a module decide on logins, and a thrown error denies them', async () => {
    const hooks = join(directory, 'hooks.mjs')
    writeFileSync(
      hooks,
      `export default {
        onLogin({ openid, userAgent }) {
          if (userAgent === 'denied') return { deny: true }
          if (userAgent === 'broken') throw new Error(openid)
          return { claims: { role: 'reader' } }
        },
      }`,
    )
    const server = await startServer({ env: { ...settings(), HOOKS: hooks, USER_LIMIT: '1' } })
    const logIn = async (userAgent: string) => {
      const { code } = await environment.press('wx.login')
      const response = await fetch(new URL('/login', server.url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': userAgent },
        body: JSON.stringify({ code }),
      })
      return { status: response.status, answer: (await response.json()) as { token: string } }
    }
    const { answer } = await logIn('a phone')
    const introspected = await send(server.url, 'POST', '/introspect', {
      token: 's'.repeat(32),
      body: new URLSearchParams({ token: answer.token }),
    })
    expect(introspected.answer).toMatchObject({ active: true, claims: { role: 'reader' } })
    const { token } = answer
    const check = async () => (await send(server.url, 'POST', '/session/check', { token })).status
    // A minute may end in between.
    expect([await check(), await check(), await check()]).toContain(429)
    expect((await logIn('denied')).status).toBe(403)
    expect((await logIn('broken')).status).toBe(503)
    await server.close()
  })

  it('a limit counts the peer, whatever the headers say, and a proxy without a setting is warned of', async () => {
    const server = await startServer({
      env: { ...settings(), LOGIN_LIMIT: '2', CLIENT_IP_HEADER: ' ' },
    })
    await fetch(new URL('/login', server.url), { method: 'POST' })
    const forwarded = { method: 'POST', headers: { 'X-Forwarded-For': '10.0.0.9' } }
    await fetch(new URL('/forward-auth/login', server.url), forwarded)
    const statuses: number[] = []
    for (let index = 0; index < 6; index++) {
      const response = await fetch(new URL('/login', server.url), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'CF-Connecting-IP': `10.0.0.${index}`,
          'X-Forwarded-For': `10.0.0.${index}`,
        },
        body: JSON.stringify({ code: 'unknown' }),
      })
      statuses.push(response.status)
    }
    await server.close()
    // A minute may end in between.
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2)
    expect(server.output().match(/set CLIENT_IP_HEADER/g)).toHaveLength(1)
    // Only a forwarded login is warned of, so the other requests' lines stand before.
    expect(server.output()).toMatch(/gateway_key_invalid[\s\S]*set CLIENT_IP_HEADER/)
  })

  it('SIGTERM lets a login in progress end with 200, then the server ends with 0', async () => {
    const server = await startServer({ env: settings() })
    const held = environment.upstream.hold()
    const token = environment.logIn(server.url, 'late')
    await held.arrived
    const ended = server.signal('SIGTERM')
    held.release()
    expect(await token).toMatch(/^[\w-]{43}\./)
    expect(await ended).toBe(0)
    await server.close()
  })

  it('a second signal ends the server at once with 1', async () => {
    const server = await startServer({ env: settings() })
    const arrived = Promise.withResolvers<void>()
    environment.upstream.next(() => arrived.resolve())
    const login = environment.logIn(server.url, 'never').catch(() => null)
    await arrived.promise
    server.send('SIGINT')
    // The first signal closes the port.
    await refused(server.url)
    expect(await server.signal('SIGINT')).toBe(1)
    await login
    await server.close()
  })

  it('two processes share the sessions of one file', async () => {
    const [one, two] = [
      await startServer({ env: settings() }),
      await startServer({ env: settings() }),
    ]
    const token = await environment.logIn(one.url, 'shared')
    expect((await send(two.url, 'GET', '/session', { token })).status).toBe(200)
    expect((await send(two.url, 'DELETE', '/session', { token })).status).toBe(204)
    expect((await send(one.url, 'GET', '/session', { token })).status).toBe(401)
    await one.close()
    await two.close()
  })
})

/** Waits until nobody accepts a connection there. */
async function refused(url: URL): Promise<void> {
  for (;;) {
    const isRefused = await fetch(new URL('/health', url)).then(
      () => false,
      () => true,
    )
    if (isRefused) return
  }
}
