/** The server with SQLite, as `npm run serve` starts it, and its store. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/server/sqlite'
import { type Environment, send, startEnvironment } from '../support/environment'
import { runServer, startServer } from '../support/server'
import { describeStore } from '../support/store-contract'

const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
afterAll(() => rmSync(directory, { recursive: true }))

describeStore('SQLite', async () => {
  const path = join(directory, 'contract.db')
  const clock = { now: 1_790_000_000 }
  const store = openSqlite(path, () => clock.now)
  const other = openSqlite(path, () => clock.now)
  return {
    store,
    other,
    pass: async (seconds) => {
      clock.now += seconds
    },
    close: async () => {
      await store.close()
      await other.close()
    },
  }
})

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
    const server = await startServer({ env: settings() })
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
    const second = await startServer({ env: settings() })
    const { status } = await send(second.url, 'GET', '/session', { token })
    await second.close()
    expect(status).toBe(200)
    expect(statSync(join(directory, 'sessions.db')).mode & 0o777).toBe(0o600)
  })

  it.each([
    [{ WECHAT_APPID: '' }, 'WECHAT_APPID is missing'],
    [{ STORE: 'mongodb://localhost' }, 'STORE must be'],
    [{ PORT: 'http' }, 'PORT must be a whole number'],
    [{ HOOKS: './missing.mjs' }, 'HOOKS: ./missing.mjs does not load'],
    [{ EVENTS: 'events' }, 'EVENTS names a Redis stream'],
  ])('a server with %j ends with 1 and says: %s', async (wrong, text) => {
    const { code, output } = await runServer({ env: { ...settings(), ...wrong } })
    expect([code, output]).toEqual([1, expect.stringContaining(text)])
  })

  it('the server serves the documents of the Worker, and no other file', async () => {
    const server = await startServer({ env: settings() })
    const fetchFile = (path: string) => fetch(new URL(path, server.url), { redirect: 'manual' })
    const root = await fetchFile('/')
    expect([root.status, root.headers.get('Location')]).toEqual([302, '/docs'])
    for (const [path, file] of [
      ['/docs', 'docs.html'],
      ['/docs.css', 'docs.css'],
      ['/docs.js', 'docs.js'],
      ['/openapi.json', 'openapi.json'],
      ['/openapi-pay.json', 'openapi-pay.json'],
    ]) {
      const response = await fetchFile(`${path}`)
      expect(await response.text()).toBe(readFileSync(`src/assets/${file}`, 'utf8'))
      expect(response.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
    }
    expect((await fetchFile('/docs.html')).status).toBe(307)
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
    const { code, output } = await runServer({ env: { ...own, HOOKS: without } })
    expect([code, output]).toEqual([1, expect.stringContaining('no method findMiniProgram')])
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
    const server = await startServer({ env: { ...settings(), HOOKS: hooks } })
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
    expect((await logIn('denied')).status).toBe(403)
    expect((await logIn('broken')).status).toBe(503)
    await server.close()
  })

  it('a limit counts the peer, whatever the headers say, and a proxy without a setting is warned of', async () => {
    const server = await startServer({ env: { ...settings(), LOGIN_LIMIT: '2' } })
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
    // Only a login is warned of, so the other request's line stands before.
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
