/** Sessions in MySQL, 5.7 or later, or MariaDB. */

import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { RowDataPacket } from 'mysql2/promise'
import { loadClient, StartFault, toStoreFault } from './fault'
import { type Store, type StoreOptions, toOwner, within } from './store'

/** How long a request waits for a MySQL that wakes up, in milliseconds. */
const PATIENCE_MILLISECONDS = 8000

// VARBINARY: a text column would take `x` and `x ` for one name, or `x` and `X`.
const TABLE = `CREATE TABLE IF NOT EXISTS code2session_entries (
  name VARBINARY(255) PRIMARY KEY, owner VARBINARY(255) NOT NULL,
  value MEDIUMBLOB NOT NULL, metadata BLOB NOT NULL, expires BIGINT NOT NULL,
  KEY owner (owner), KEY expires (expires)
) ENGINE = InnoDB`

const WRITE = `INSERT INTO code2session_entries (name, owner, value, metadata, expires)
  VALUES (?, ?, ?, ?, ?) ON DUPLICATE KEY
  UPDATE value = VALUES(value), metadata = VALUES(metadata), expires = VALUES(expires)`

const SELECT = 'SELECT name, value, metadata FROM code2session_entries WHERE'

const REFUSALS = /ER_(ACCESS_DENIED|DBACCESS_DENIED|BAD_DB)_ERROR/
const DEADLOCKS = /ER_LOCK_(DEADLOCK|WAIT_TIMEOUT)/
/** A serverless MySQL that is waking up refuses connections, or says that it is resuming. */
const WAKING = /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|PROTOCOL_CONNECTION_LOST|is resuming/

/**
 * Connects to MySQL, and makes its database and its table if they are missing. If it does not
 * answer, this warns, and the first request tries again.
 *
 * @param url `mysql://USER:PASSWORD@HOST:PORT/DATABASE`
 * @throws {StartFault} for a refused user or password, or a client that is not installed
 */
export async function openMysql(url: URL, { now, warn }: StoreOptions): Promise<Store> {
  const { run, prepare, close } = await openPool(url)
  await within(PATIENCE_MILLISECONDS, prepare()).catch((error) => {
    if (!REFUSALS.test(inspect(error))) return warn('MySQL does not answer')
    throw new StartFault('STORE: MySQL refuses the user, the password or the database')
  })

  return {
    async read(name) {
      const [row] = await run(`${SELECT} name = ? AND expires > ?`, [name, now()])
      return row ? { value: row.value, metadata: String(row.metadata) } : null
    },
    async write(name, { value, metadata }, seconds) {
      await run(WRITE, [name, toOwner(name), Buffer.from(value), metadata, now() + seconds])
      const sweep = 'DELETE FROM code2session_entries WHERE expires <= ? LIMIT 20'
      await run(sweep, [now()]).catch(() => warn('entries whose lifetime is over were not deleted'))
    },
    async remove(name) {
      await run('DELETE FROM code2session_entries WHERE name = ?', [name])
    },
    async list(owner) {
      const rows = await run(`${SELECT} owner = ? AND expires > ?`, [owner, now()])
      return rows.map((row) => ({ name: String(row.name), metadata: String(row.metadata) }))
    },
    close,
  }
}

async function openPool(url: URL) {
  const mysql = await loadClient('mysql2', () => import('mysql2/promise'))
  const pool = await Promise.try(() => mysql.createPool(url.href)).catch(toStoreFault)
  let isPrepared = false

  /** Makes the database and the table if they are missing, once. */
  async function prepare(): Promise<void> {
    if (isPrepared) return
    await pool.query(TABLE).catch(async (error) => {
      if (error.code !== 'ER_BAD_DB_ERROR') throw error
      const server = await mysql.createConnection(new URL('/', url).href)
      const database = decodeURIComponent(url.pathname.slice(1))
      await server.query('CREATE DATABASE IF NOT EXISTS ??', [database]).finally(() => server.end())
      await pool.query(TABLE)
    })
    isPrepared = true
  }

  /** A deadlock is repeated once, and a MySQL that wakes up is waited for. */
  async function attempt(sql: string, values: (string | number | Buffer)[]) {
    const deadline = Date.now() + PATIENCE_MILLISECONDS
    for (let hasRepeated = false; ; ) {
      try {
        await prepare()
        await using connection = await pool.getConnection()
        const query = connection.execute<RowDataPacket[]>(sql, values)
        const [rows] = await within(PATIENCE_MILLISECONDS, query, () => connection.destroy())
        return rows
      } catch (error) {
        if (DEADLOCKS.test(inspect(error)) && !hasRepeated) hasRepeated = true
        else if (WAKING.test(inspect(error)) && Date.now() < deadline) await sleep(500)
        else throw error
      }
    }
  }

  return {
    prepare,
    run: (...query: Parameters<typeof attempt>) => within(PATIENCE_MILLISECONDS, attempt(...query)),
    close: () => pool.end(),
  }
}
