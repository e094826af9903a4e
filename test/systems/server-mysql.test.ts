/** The server with a real MariaDB: its store, its outages. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openMysql } from '../../src/server/mysql'
import { type Database, startMariadb } from '../support/databases'
import { CREDENTIALS, type Environment, send, startEnvironment } from '../support/environment'
import { describeHome } from '../support/home-contract'
import { findProgram } from '../support/programs'
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
      close: async () => {
        await store.close()
        await other.close()
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
})
