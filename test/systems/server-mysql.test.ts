/** The server with a real MariaDB: its store, its outages. */

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openMysql } from '../../src/server/mysql'
import type { Store } from '../../src/server/store'
import { type Database, startMariadb } from '../support/databases'
import { CREDENTIALS, type Environment, send, startEnvironment } from '../support/environment'
import { describeHome } from '../support/home-contract'
import { findProgram } from '../support/programs'
import { startProxy } from '../support/proxy'
import { runServer, serveLogin, startServer } from '../support/server'
import { describeStore } from '../support/store-contract'

const { notice } = findProgram('mariadbd', '/usr/sbin/mariadbd')

describe.skipIf(notice)(`MariaDB${notice}`, () => {
  let mariadb: Database
  let url: string
  beforeAll(async () => {
    mariadb = await startMariadb()
    url = `mysql://code2session:p%40ss%20word@127.0.0.1:${mariadb.port}/code2session`
  })
  afterAll(() => mariadb.close())

  describeStore('MariaDB', async () => {
    const clock = { now: 1_790_000_000 }
    const warn = (reason: string) => {
      throw new Error(reason)
    }
    const open = () => openMysql(new URL(url), { now: () => clock.now, warn })
    const [store, other] = [await open(), await open()]
    return {
      store,
      other,
      pass: async (seconds) => {
        clock.now += seconds
      },
      has: async (name) => {
        const connection = await createConnection(url)
        const select = 'SELECT * FROM code2session_entries WHERE name = ?'
        const [rows] = await connection.execute<RowDataPacket[]>(select, [name])
        await connection.end()
        return rows.length > 0
      },
    }
  })

  describeHome('the server with MariaDB', async (environment, settings) =>
    serveLogin(url)(environment, settings),
  )

  describe('the server with MariaDB', () => {
    let environment: Environment
    const settings = () => ({
      ...CREDENTIALS,
      WECHAT_API_BASE: environment.upstream.url,
      STORE: url,
    })
    beforeAll(async () => {
      environment = await startEnvironment()
    })
    afterAll(() => environment.close())

    it('the variables of Cloud Hosting name a MySQL where STORE is absent', async () => {
      const { STORE, ...others } = settings()
      const env = {
        ...others,
        MYSQL_ADDRESS: `127.0.0.1:${mariadb.port}`,
        MYSQL_USERNAME: 'code2session',
        MYSQL_PASSWORD: 'p@ss word',
      }
      const server = await startServer({ env })
      const token = await environment.logIn(server.url)
      expect((await send(server.url, 'GET', '/session', { token })).status).toBe(200)
      await server.close()
      expect(server.output()).toContain(`store mysql://127.0.0.1:${mariadb.port}/code2session`)
      expect(server.output()).not.toContain('p@ss')
    })

    it('a MySQL that wakes up within a request is waited for', async () => {
      const server = await startServer({ env: settings() })
      const token = await environment.logIn(server.url)
      await mariadb.stop()
      const pending = send(server.url, 'GET', '/session', { token })
      await mariadb.restart()
      expect((await pending).status).toBe(200)
      await server.close()
    })

    it('a MySQL that stays away is store_unavailable, and the server starts without it', async () => {
      await mariadb.stop()
      const server = await startServer({ env: settings() })
      const token = `${'a'.repeat(43)}.${'b'.repeat(64)}`
      const away = await send(server.url, 'GET', '/session', { token })
      await mariadb.restart()
      await server.close()
      expect(away).toMatchObject({ status: 503, answer: { code: 'store_unavailable' } })
      expect(server.output()).toContain('MySQL does not answer')
    })

    it('a wrong password of MySQL ends the server with 1', async () => {
      const env = { ...settings(), STORE: url.replace('word', 'guess') }
      expect(await runServer({ env })).toEqual({
        code: 1,
        fault: 'STORE: MySQL refuses the user, the password or the database',
      })
    })
  })

  describe('a store in MariaDB', () => {
    const warnings: string[] = []
    const open = (port = mariadb.port) =>
      openMysql(new URL(url.replace(/:\d+/, `:${port}`)), {
        now: () => 1_790_000_000,
        warn: (reason) => void warnings.push(reason),
      })
    const write = (store: Store, seconds = 60) =>
      store.write('session:faulty:a', { value: Uint8Array.of(1), metadata: '2' }, seconds)
    let connection: Connection
    const count = async (sql: string) => {
      const [[row]] = await connection.query<RowDataPacket[]>(sql)
      return Number(row?.Value)
    }

    beforeEach(async () => {
      warnings.length = 0
      connection = await createConnection(url)
    })
    afterEach(async () => {
      vi.useRealTimers()
      await connection.end()
    })

    it('a deadlock is repeated once, a MySQL that is resuming is waited for, and no other error', async () => {
      const store = await open()
      await connection.query('CREATE SEQUENCE attempts')
      // The error of each attempt; 0 is none.
      const errors = [1213, 0, 1205, 1205, 9449, 9449, 0, 1644]
      await connection.query(`CREATE TRIGGER faults BEFORE INSERT ON code2session_entries FOR EACH ROW
        BEGIN
          SET @error = ELT(NEXTVAL(attempts), ${errors.join()});
          SET @text = IF(@error = 9449, 'the serverless instance is resuming', 'an error');
          IF @error > 0 THEN
            SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = @error, MESSAGE_TEXT = @text;
          END IF;
        END`)
      await write(store)
      await expect(write(store)).rejects.toMatchObject({ errno: 1205 })
      await write(store)
      await expect(write(store)).rejects.toMatchObject({ errno: 1644 })
      await connection.query('DROP TRIGGER faults')
      await store.close()
    })

    it('a write succeeds although what is outdated cannot be deleted, and warns', async () => {
      const store = await open()
      await connection.query(`CREATE TRIGGER faults BEFORE DELETE ON code2session_entries
        FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an error'`)
      await write(store, -1)
      expect(warnings).toEqual(['entries whose lifetime is over were not deleted'])
      await connection.query('DROP TRIGGER faults')
      await store.close()
    })

    it('a database that is missing is made once, by the first request if need be', async () => {
      await connection.end()
      await mariadb.stop()
      const store = await open()
      expect(warnings).toEqual(['MySQL does not answer'])
      await mariadb.restart()
      connection = await createConnection(url)
      await connection.query('DROP DATABASE code2session')
      expect(await store.read('session:faulty:a')).toBeNull()
      const made = await count("SHOW GLOBAL STATUS LIKE 'Com_create_table'")
      expect(await store.read('session:faulty:a')).toBeNull()
      expect(await count("SHOW GLOBAL STATUS LIKE 'Com_create_table'")).toBe(made)
      // This one, and that of the store.
      await vi.waitFor(async () =>
        expect(await count("SHOW GLOBAL STATUS LIKE 'Threads_connected'")).toBe(2),
      )
      await store.close()
    })

    it('a connection on which MySQL is silent is closed after 8 seconds', async () => {
      const proxy = await startProxy(mariadb.port)
      const store = await open(proxy.port)
      proxy.mute()
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      const read = expect(store.read('session:faulty:a')).rejects.toThrow('the store is silent')
      await new Promise(setImmediate)
      vi.advanceTimersByTime(8000)
      vi.useRealTimers()
      await read
      await vi.waitFor(() => expect(proxy.open()).toBe(0))
      expect(await store.read('session:faulty:a')).toBeNull()
      await store.close()
      proxy.close()
    })

    it('a MySQL that hangs up is called again every half second, for 8 seconds', async () => {
      const calls: number[] = []
      const server = createServer((socket) => {
        calls.push(performance.now())
        socket.destroy()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const store = await open((server.address() as AddressInfo).port)
      vi.useFakeTimers({ now: 0, toFake: ['Date'] })
      calls.length = 0
      const read = store.read('session:faulty:a')
      await Promise.all([
        expect(read).rejects.toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' }),
        vi.waitFor(() => expect(calls).toHaveLength(2), 8000).then(() => vi.setSystemTime(8000)),
      ])
      const [first = 0, second = 0] = calls
      expect(second - first).toBeGreaterThan(400)
      server.close()
    })
  })
})
