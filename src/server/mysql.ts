/** Sessions in MySQL, 5.7 or later, or MariaDB. */

import type { Connection, PoolOptions, RowDataPacket } from 'mysql2/promise'
import { loadClient, StartFault } from './fault'
import { type Store, toOwner } from './store'

/** How long a request waits for a MySQL that wakes up, in milliseconds. */
const PATIENCE_MILLISECONDS = 8000
const RETRY_MILLISECONDS = 500

/** How many entries whose lifetime is over are deleted after a write. */
const SWEPT_AT_ONCE = 20

// VARBINARY: a text column would take `x` and `x ` for one name, or `x` and `X`.
const TABLE = `CREATE TABLE IF NOT EXISTS code2session_entries (
  name VARBINARY(255) PRIMARY KEY,
  owner VARBINARY(255) NOT NULL,
  value MEDIUMBLOB NOT NULL,
  metadata BLOB NOT NULL,
  expires BIGINT NOT NULL,
  KEY owner (owner),
  KEY expires (expires)
) ENGINE = InnoDB`

const REFUSALS: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'MySQL refuses the user or the password',
  ER_DBACCESS_DENIED_ERROR: 'MySQL refuses the user this database',
  ER_BAD_DB_ERROR: 'MySQL has no such database',
}

export interface MysqlOptions {
  /** Where it is: the options of mysql2 for host, port, user, password and database. */
  readonly connection: PoolOptions & { readonly database: string }
  /** Unix time in whole seconds. */
  readonly now: () => number
  /** Takes what the operator should know. */
  readonly warn: (reason: string) => void
}

/**
 * Connects to MySQL, and makes its database and its table if they are missing. If it does not
 * answer, this says so, and the first request tries again.
 *
 * @throws {StartFault} for a refused user or password, or a client that is not installed
 */
export async function openMysql({ connection, now, warn }: MysqlOptions): Promise<Store> {
  const { createPool, createConnection } = await loadClient(
    'mysql2',
    () => import('mysql2/promise'),
  )
  const options = { connectTimeout: 2000, enableKeepAlive: true, ...connection }
  const pool = createPool({ connectionLimit: 8, ...options })
  let prepared: Promise<void> | null = null

  /** The table, made once. */
  function prepare(): Promise<void> {
    prepared ??= makeTable().catch((error) => {
      prepared = null
      throw error
    })
    return prepared
  }

  async function makeTable(): Promise<void> {
    const { database, ...server } = options
    await pool.query(TABLE).catch(async (error) => {
      if (error.code !== 'ER_BAD_DB_ERROR') throw error
      await makeDatabase(await createConnection(server), database)
      await pool.query(TABLE)
    })
  }

  async function run(sql: string, values: readonly (string | number | Buffer)[]) {
    const deadline = Date.now() + PATIENCE_MILLISECONDS
    for (let isRepeated = false; ; ) {
      try {
        await prepare()
        const [rows] = await pool.execute(sql, [...values])
        return Array.isArray(rows) ? (rows as RowDataPacket[]) : []
      } catch (error) {
        if (isDeadlock(error) && !isRepeated) isRepeated = true
        else if (isWaking(error) && Date.now() + RETRY_MILLISECONDS < deadline) await pause()
        else throw error
      }
    }
  }

  await prepare().catch(async (error) => {
    const refusal = REFUSALS[error.code]
    if (!refusal) return warn('MySQL does not answer')
    await pool.end()
    throw new StartFault(`STORE: ${refusal}`)
  })

  return {
    async read(name) {
      const sql = 'SELECT value, metadata FROM code2session_entries WHERE name = ? AND expires > ?'
      const [row] = await run(sql, [name, now()])
      return row ? { value: row.value, metadata: JSON.parse(String(row.metadata)) } : null
    },
    async write(name, { value, metadata }, seconds) {
      const row = [
        name,
        toOwner(name),
        Buffer.from(value),
        JSON.stringify(metadata),
        now() + seconds,
      ]
      await run(
        `INSERT INTO code2session_entries (name, owner, value, metadata, expires) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE value = VALUES(value), metadata = VALUES(metadata), expires = VALUES(expires)`,
        row,
      )
      const sweep = `DELETE FROM code2session_entries WHERE expires <= ? LIMIT ${SWEPT_AT_ONCE}`
      await run(sweep, [now()]).catch(() => warn('entries whose lifetime is over were not deleted'))
    },
    async remove(name) {
      await run('DELETE FROM code2session_entries WHERE name = ?', [name])
    },
    async list(owner) {
      const sql = 'SELECT name, metadata FROM code2session_entries WHERE owner = ? AND expires > ?'
      const rows = await run(sql, [owner, now()])
      return rows.map(({ name, metadata }) => ({
        name: String(name),
        metadata: JSON.parse(String(metadata)),
      }))
    },
    close: () => pool.end(),
  }
}

async function makeDatabase(connection: Connection, name: string): Promise<void> {
  try {
    await connection.query('CREATE DATABASE IF NOT EXISTS ??', [name])
  } finally {
    await connection.end()
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS))
}

function isDeadlock(error: unknown): boolean {
  return /^ER_LOCK_(DEADLOCK|WAIT_TIMEOUT)$/.test(toCode(error))
}

/** A serverless MySQL that is waking up refuses connections, or says that it is resuming. */
function isWaking(error: unknown): boolean {
  const message = error instanceof Error ? error.message : ''
  const codes = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|PROTOCOL_CONNECTION_LOST)$/
  return codes.test(toCode(error)) || /is resuming/.test(message)
}

function toCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
