/** The server with SQLite, as `npm run serve` starts it, and its store. */

import { mkdtempSync, rmSync, statSync } from 'node:fs'
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
})
