/** examples/hooks: the built Worker, bound to the built login Worker, with real D1. */

import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  APPIDS,
  type BuiltExample,
  buildHooksExample,
  serveHooksExample,
  startBackend,
} from '../support/hooks-example'

type Example = Awaited<ReturnType<typeof serveHooksExample>>

const [FIRST, SECOND] = APPIDS
let built: BuiltExample
beforeAll(async () => {
  built = await buildHooksExample()
})

describe('users in D1', () => {
  let example: Example
  beforeAll(async () => {
    example = await serveHooksExample(built)
  })
  afterAll(() => example.close())

  const countAccounts = async () => (await example.sql('SELECT id FROM accounts')).length
  const readStatus = async (id: string) =>
    (await example.sql<{ status: string }>('SELECT status FROM accounts WHERE id = ?', id))[0]
      ?.status
  const block = (id: string) =>
    example.sql("UPDATE accounts SET status = 'blocked' WHERE id = ?", id)
  const readAccountId = async (user: Parameters<Example['logIn']>[0]) =>
    ((await example.readClaims(user)) as { accountId: string }).accountId

  it('the first login creates an account, and the next one finds it', async () => {
    const before = await countAccounts()
    const claims = await example.readClaims({ openid: 'o-first' })
    expect(claims).toEqual({ accountId: expect.stringMatching(/^[\da-f-]{36}$/), roles: [] })
    expect(await countAccounts()).toBe(before + 1)
    expect(await example.readClaims({ openid: 'o-first' })).toEqual(claims)
    expect(await countAccounts()).toBe(before + 1)
  })

  it('the unionid links two mini programs to one account', async () => {
    const first = { appid: FIRST, openid: 'o-link-1', unionid: 'u-link' }
    const second = { appid: SECOND, openid: 'o-link-2', unionid: 'u-link' }
    expect(await readAccountId(second)).toBe(await readAccountId(first))
  })

  it('users without a unionid share no account', async () => {
    const first = await readAccountId({ appid: FIRST, openid: 'o-none' })
    expect(await readAccountId({ appid: SECOND, openid: 'o-none' })).not.toBe(first)
  })

  it('first logins at the same time create one account', async () => {
    const users = APPIDS.flatMap((appid) =>
      [1, 2, 3].map(() => ({ appid, openid: `o-race-${appid}`, unionid: 'u-race' })),
    )
    const before = await countAccounts()
    const replies = await Promise.all(users.map((user) => example.logIn(user)))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await countAccounts()).toBe(before + 1)
  })

  it('a user who gets a unionid later keeps the account, which other mini programs then join', async () => {
    const id = await readAccountId({ openid: 'o-later' })
    expect(await readAccountId({ openid: 'o-later', unionid: 'u-later' })).toBe(id)
    const second = { appid: SECOND, openid: 'o-later-2', unionid: 'u-later' }
    expect(await readAccountId(second)).toBe(id)
  })

  it('roles become claims of the next session', async () => {
    const id = await readAccountId({ openid: 'o-roles' })
    await example.sql(`UPDATE accounts SET roles = '["editor"]' WHERE id = ?`, id)
    expect(await example.readClaims({ openid: 'o-roles' })).toEqual({
      accountId: id,
      roles: ['editor'],
    })
  })

  it('a blocked user gets 403 login_denied, and no session is stored', async () => {
    await block(await readAccountId({ openid: 'o-blocked', unionid: 'u-blocked' }))
    const before = await example.countSessions()
    const users = [
      { openid: 'o-blocked', unionid: 'u-blocked' },
      { appid: SECOND, openid: 'o-blocked-2', unionid: 'u-blocked' },
    ]
    for (const user of users) {
      const { status, answer } = await example.logIn(user)
      expect([status, answer]).toMatchObject([403, { code: 'login_denied', action: 'stop' }])
    }
    expect(await example.countSessions()).toBe(before)
  })

  it('a blocked account denies the second account of the same person, too', async () => {
    const blocked = { appid: FIRST, openid: 'o-two-1' }
    const other = { appid: SECOND, openid: 'o-two-2' }
    await readAccountId(other)
    await block(await readAccountId(blocked))
    expect(await example.logIn({ ...blocked, unionid: 'u-two' })).toMatchObject({ status: 403 })
    expect(await example.logIn({ ...other, unionid: 'u-two' })).toMatchObject({ status: 403 })
  })

  it('user_authorization_cancellation closes the account and deletes its openids', async () => {
    const user = { openid: 'o-closed', unionid: 'u-closed' }
    const id = await readAccountId(user)
    await readAccountId({ appid: SECOND, openid: 'o-closed-2', unionid: 'u-closed' })
    for (const _ of ['first delivery', 'second delivery']) {
      const reply = await example.push('user_authorization_cancellation', 'o-closed')
      expect(reply).toEqual({ status: 200, text: 'success' })
    }
    expect(await readStatus(id)).toBe('closed')
    expect(await example.sql('SELECT * FROM identities WHERE account_id = ?', id)).toEqual([])
    expect(await readAccountId(user)).not.toBe(id)
  })

  it('a blocked account stays blocked after user_authorization_cancellation', async () => {
    const id = await readAccountId({ openid: 'o-stays' })
    await block(id)
    await example.push('user_authorization_cancellation', 'o-stays')
    expect(await readStatus(id)).toBe('blocked')
    expect(await example.logIn({ openid: 'o-stays' })).toMatchObject({ status: 403 })
  })

  it('other events change no account and get the default reply', async () => {
    const id = await readAccountId({ openid: 'o-event' })
    const reply = await example.push('user_authorization_revoke', 'o-event')
    expect(reply).toEqual({ status: 200, text: 'success' })
    expect(await readStatus(id)).toBe('active')
  })
})

describe('mini programs in D1', () => {
  const ADDED = 'wx0000000000000003'
  const KEY = Buffer.alloc(32, 7).toString('base64')
  const state = mkdtempSync(join(tmpdir(), 'code2session-'))
  const local = ['--local', '--persist-to', state, '-c', 'examples/hooks/wrangler.toml']
  let example: Example
  beforeAll(async () => {
    example = await serveHooksExample(built, { MINI_PROGRAMS_KEY: KEY })
    const table = readFileSync('examples/hooks/migrations/0003_mini_programs.sql', 'utf8')
    const row = `INSERT INTO mini_programs (appid, sealed) VALUES ('${ADDED}', 'replaced below');`
    const file = join(state, 'mini-programs.sql')
    writeFileSync(file, `${table}${row}`)
    const wrangler = 'node_modules/wrangler/bin/wrangler.js'
    spawnSync(process.execPath, [wrangler, 'd1', 'execute', 'DB', ...local, '--file', file])
  })
  afterAll(async () => {
    await example.close()
    rmSync(state, { recursive: true })
  })

  function runScript(appid: string, typed: string, key = KEY) {
    const args = ['examples/hooks/add-mini-program.js', appid, ...local]
    const env = { ...process.env, MINI_PROGRAMS_KEY: key }
    return spawnSync(process.execPath, args, { env, input: typed, encoding: 'utf8' })
  }

  /** The row that the script has had wrangler write. */
  function readSealed(appid: string): string {
    const [file = ''] = globSync(`${state}/v3/d1/*/*.sqlite`).filter(
      (path) => !/metadata/.test(path),
    )
    const database = new DatabaseSync(file)
    const row = database.prepare('SELECT sealed FROM mini_programs WHERE appid = ?').get(appid)
    database.close()
    return String(row?.sealed)
  }

  const insert = (appid: string, sealed: string) =>
    example.sql('INSERT OR REPLACE INTO mini_programs (appid, sealed) VALUES (?, ?)', appid, sealed)
  const visitPushUrl = async (appid: string) =>
    (await fetch(new URL(`/wechat/events/${appid}`, example.url))).status

  it('add-mini-program.js adds a mini program, or replaces what is there', async () => {
    const { status, stdout } = runScript(ADDED, `the-new-secret\nAAAAA\n${'A'.repeat(43)}\n`)
    expect([status, stdout.includes('the-new-secret')]).toEqual([0, false])
    const sealed = readSealed(ADDED)
    await insert(ADDED, sealed)
    expect(await example.logIn({ appid: ADDED, openid: 'o-added' })).toMatchObject({ status: 200 })
    expect(example.secret()).toBe('the-new-secret')
    expect(await visitPushUrl(ADDED)).toBe(403)
    // What was sealed for one AppID does not open for another.
    await insert('wx0000000000000004', sealed)
    const other = await example.logIn({ appid: 'wx0000000000000004', openid: 'o-added' })
    expect(other).toMatchObject({ status: 503, answer: { code: 'hook_unavailable' } })
    const none = await example.logIn({ appid: 'wx0000000000000005', openid: 'o-added' })
    expect(none).toMatchObject({ status: 400, answer: { code: 'appid_unknown' } })
  })

  it.each([
    ['no AppID', 'wx1', 'a-secret\n\n', KEY],
    ['no key', ADDED, 'a-secret\n\n', 'short'],
    ['no AppSecret', ADDED, '\n\n', KEY],
    ['an AppSecret with a space', ADDED, 'a secret\n\n', KEY],
    ['a wrong Token', ADDED, 'a-secret\nA\n\n', KEY],
    ['a wrong EncodingAESKey', ADDED, 'a-secret\nAAAAA\nA\n', KEY],
  ])('add-mini-program.js refuses %s', (_, appid, typed, key) => {
    const { status, stdout } = runScript(appid, typed, key)
    expect([status, stdout]).toEqual([1, ''])
  })
})

describe('a backend elsewhere', () => {
  const secret = 'a-secret-of-the-test'
  let backend: Awaited<ReturnType<typeof startBackend>>
  beforeAll(async () => {
    backend = await startBackend(secret)
  })
  afterAll(() => backend.stop())

  /** A URL that reaches the same backend, under a host that may be anybody's. */
  const anotherName = (url: string) => url.replace('127.0.0.1', '127.1')

  async function withExample(settings: Record<string, string>, use: (it: Example) => unknown) {
    const example = await serveHooksExample(built, settings)
    try {
      await use(example)
    } finally {
      await example.close()
    }
  }

  /** Posts to the backend as forward.ts does, signed `age` seconds ago. */
  async function post(body: string, { age = 0, signed = body, key = secret } = {}) {
    const timestamp = String(Math.floor(Date.now() / 1000) - age)
    const signature = createHmac('sha256', key).update(`${timestamp}.${signed}`).digest('hex')
    const headers = { 'X-Timestamp': timestamp, 'X-Signature': signature }
    return (await fetch(backend.url, { method: 'POST', headers, body })).status
  }

  it('a backend that verifies the signature answers instead of D1', async () => {
    const settings = { BACKEND_URL: backend.url, BACKEND_SECRET: secret }
    await withExample(settings, async (example) => {
      expect(await example.readClaims({ openid: 'o-forward' })).toEqual({ roles: ['member'] })
      expect(await example.sql('SELECT * FROM accounts')).toEqual([])
      const reply = await example.push('user_authorization_cancellation', 'o-forward')
      expect(reply).toEqual({ status: 200, text: 'success' })
    })
  })

  it('a hook of backend.js that returns nothing gives the default reply', async () => {
    const edit = (code: string) => code.replace('onEvent: () => null', 'onEvent: () => {}')
    const own = await startBackend(secret, edit)
    await withExample({ BACKEND_URL: own.url, BACKEND_SECRET: secret }, async (example) => {
      const reply = await example.push('user_authorization_cancellation', 'o-nothing')
      expect(reply).toEqual({ status: 200, text: 'success' })
    })
    own.stop()
  })

  it.each([
    ['with another secret', () => ({ BACKEND_URL: backend.url, BACKEND_SECRET: 'another' })],
    ['without a secret', () => ({ BACKEND_URL: backend.url })],
    ['over plain http', () => ({ BACKEND_URL: anotherName(backend.url), BACKEND_SECRET: secret })],
  ])('a login is 503 hook_unavailable %s, and no session is stored', async (_, settings) => {
    await withExample(settings(), async (example) => {
      const { status, answer } = await example.logIn({ openid: 'o-refused' })
      expect([status, answer]).toMatchObject([503, { code: 'hook_unavailable' }])
      expect(await example.countSessions()).toBe(0)
    })
  })

  it('backend.js accepts a recent signature and refuses an old, altered or missing one', async () => {
    const body = '{"hook":"onEvent","argument":{}}'
    expect(await post(body, { age: 290 })).toBe(200)
    expect(await post(body, { age: 310 })).toBe(401)
    expect(await post(body, { age: -310 })).toBe(401)
    expect(await post(body, { signed: '{}' })).toBe(401)
    expect(await post(body, { key: 'another' })).toBe(401)
    expect((await fetch(backend.url, { method: 'POST', body })).status).toBe(401)
  })

  it('backend.js answers 404 for a hook that it does not have', async () => {
    expect(await post('{"hook":"toString","argument":{}}')).toBe(404)
  })
})
