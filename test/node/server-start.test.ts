/** How a server starts: its Node, its settings, its packages, and what it says of a fault. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { run } from '../../src/server/entry'
import { loadClient, StartFault } from '../../src/server/fault'
import { loadHooks, openStore, parseWhole, toQueue } from '../../src/server/settings'

/** What has been said since the test began, and the codes with which the process would have ended. */
const said: string[] = []
const ended: unknown[] = []

beforeEach(() => {
  said.length = 0
  ended.length = 0
  for (const name of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, name).mockImplementation((line: string) => void said.push(line))
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    ended.push(code)
    throw new Error('the process has ended')
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the start', () => {
  const start = async () => void said.push('started')

  it.each([
    ['24.0.0', ['started'], []],
    [
      '23.24.25',
      ['code2session cannot start: it needs Node 24 or later, and this is 23.24.25'],
      [1],
    ],
  ])('on Node %s, a server says %j', async (node, lines, codes) => {
    vi.stubGlobal('process', { ...process, versions: { node }, exit: process.exit })
    await run(async () => ({ start })).catch(() => null)
    expect([said, ended]).toEqual([lines, codes])
  })

  it('a fault ends the process with 1 and a line, and an error of the program is thrown', async () => {
    const failWith = (error: Error) => run(async () => ({ start: () => Promise.reject(error) }))
    await expect(failWith(new Error('a bug'))).rejects.toThrow('a bug')
    expect(ended).toEqual([])
    await failWith(new StartFault('PORT is wrong')).catch(() => null)
    expect([said, ended]).toEqual([['code2session cannot start: PORT is wrong'], [1]])
  })

  it('a package that is not installed is a fault that names it', async () => {
    const missing = Object.assign(new Error('it is missing'), { code: 'ERR_MODULE_NOT_FOUND' })
    const load = loadClient('mysql2', () => Promise.reject(missing))
    await expect(load).rejects.toThrow(/^STORE needs the package mysql2; .*npm i mysql2$/)
    const broken = loadClient('mysql2', () => Promise.reject(new Error('it is broken')))
    await expect(broken).rejects.toThrow('it is broken')
  })
})

describe('settings', () => {
  const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
  const origin = process.cwd()
  beforeEach(() => process.chdir(directory))
  afterEach(() => process.chdir(origin))

  it.each([
    ['5', 5],
    [' 65535 ', 65_535],
    [' ', 3],
    [undefined, 3],
  ])('a whole number of %j is %j', (text, number) => {
    expect(parseWhole({ PORT: text }, 'PORT', 3, 65_535)).toBe(number)
  })

  it.each(['65536', '-5', '5e3', '1.5', '0x5', '00000000005', 'five'])(
    '%j is no whole number of up to 65535',
    (text) => {
      const parse = () => parseWhole({ PORT: text }, 'PORT', 3, 65_535)
      expect(parse).toThrow(new StartFault('PORT must be a whole number from 0 to 65535'))
    },
  )

  it('a limit is a whole number of up to a thousand million', () => {
    const parse = () => parseWhole({ LOGIN_LIMIT: 'many' }, 'LOGIN_LIMIT', 3)
    expect(parse).toThrow('LOGIN_LIMIT must be a whole number from 0 to 1000000000')
  })

  const cloud = {
    MYSQL_ADDRESS: '127.0.0.1:1',
    MYSQL_USERNAME: 'user',
    MYSQL_PASSWORD: 'secret',
    MYSQL_DATABASE: ' a shop ',
  }
  it.each([
    [{ STORE: ' sqlite:own.db ' }, 'sqlite:own.db'],
    [{ STORE: ' ', MYSQL_ADDRESS: cloud.MYSQL_ADDRESS }, 'sqlite:code2session.db'],
    [{ ...cloud, MYSQL_ADDRESS: '' }, 'sqlite:code2session.db'],
    [{ ...cloud, MYSQL_USERNAME: '' }, 'sqlite:code2session.db'],
    [{ ...cloud, MYSQL_PASSWORD: '' }, 'sqlite:code2session.db'],
    [cloud, 'mysql://127.0.0.1:1/a%20shop'],
    [{ ...cloud, MYSQL_DATABASE: ' ' }, 'mysql://127.0.0.1:1/code2session'],
    [{ STORE: 'mysql://user:secret@127.0.0.1:1/x' }, 'mysql://127.0.0.1:1/x'],
    [{ STORE: 'redis://:secret@127.0.0.1:1' }, 'redis://127.0.0.1:1'],
    [{ STORE: 'rediss://:secret@127.0.0.1:1' }, 'rediss://127.0.0.1:1'],
  ])('the store of %j is %s', async (env, described) => {
    const { store, description } = await openStore(env)
    await store.close()
    expect([description, 'count' in store]).toEqual([described, described.startsWith('redis')])
    const away = { sqlite: [], mysql: ['MySQL'], redis: ['Redis'], rediss: ['Redis'] }
    const scheme = described.split(':')[0] as keyof typeof away
    const lines = away[scheme].map((name) => ({ level: 'warn', reason: `${name} does not answer` }))
    expect(said.map((line) => JSON.parse(line) as unknown)).toEqual(lines)
  })

  it.each([
    'mysql://127.0.0.1:1/',
    'mysql://127.0.0.1:1',
    'https://127.0.0.1',
    'sessions.db',
    'mysql://user:100%@127.0.0.1:1/x',
    'mysql://user:secret@127.0.0.1:1/%ff',
    'mysql://127.0.0.1:1/x?ssl=unknown',
    'mysql://127.0.0.1:1/secret@127.0.0.1:1/x',
    'redis://:100%@127.0.0.1:1',
    'redis://127.0.0.1:1/first',
    'redis://:1#secret@127.0.0.1:1',
    'redis://user:1?secret@127.0.0.1:1',
  ])('no store is at %s', async (STORE) => {
    await expect(openStore({ STORE })).rejects.toThrow(/^STORE must be .*, percent-encoded$/)
    expect(said).toEqual([])
  })

  it('a hook module has a default export that is an object', async () => {
    const write = (name: string, code: string) => {
      writeFileSync(name, code)
      return loadHooks({ HOOKS: ` ./${name} ` })
    }
    expect(await loadHooks({ HOOKS: ' ' })).toEqual({})
    expect(await write('hooks.mjs', 'export default { a: 1 }')).toEqual({ hooks: { a: 1 } })
    for (const code of ['export default null', "export default 'x'", 'export const a = 1'])
      await expect(write(`${code.length}.mjs`, code)).rejects.toThrow(/ has no default export/)
    await expect(write('bad.mjs', 'export')).rejects.toThrow(/^HOOKS: .\/bad.mjs does not load: /)
  })

  it('without EVENTS there is no queue', () => {
    expect([toQueue({}, null), toQueue({ EVENTS: ' ' }, null)]).toEqual([undefined, undefined])
    rmSync(directory, { recursive: true })
  })
})
