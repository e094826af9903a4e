/** Sessions in a SQLite file, which several processes of one machine can share. */

import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StartFault } from './fault'
import { type Store, toOwner } from './store'

/** How long a process waits for another one's write, in milliseconds; without it, writes are lost. */
const BUSY_MILLISECONDS = 2000

// FULL: after a power loss, a session that was ended must not come back.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS entries (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    value BLOB NOT NULL,
    metadata TEXT NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_owner ON entries (owner);
  CREATE INDEX IF NOT EXISTS entries_expires ON entries (expires);
`

/**
 * Opens the file, and makes it if it is missing; only its owner can read it.
 *
 * @param now Unix time in whole seconds
 * @throws {StartFault} if it cannot be opened
 */
export function openSqlite(path: string, now: () => number): Store {
  const database = openFile(path)
  const read = database.prepare('SELECT * FROM entries WHERE name = ? AND expires > ?')
  const list = database.prepare('SELECT * FROM entries WHERE owner = ? AND expires > ?')
  const write = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM entries WHERE name = ?')
  const sweep = database.prepare(
    'DELETE FROM entries WHERE name IN (SELECT name FROM entries WHERE expires <= ? LIMIT 20)',
  )

  return {
    async read(name) {
      const row = read.get(name, now())
      if (!(row?.value instanceof Uint8Array)) return null
      return { value: row.value, metadata: String(row.metadata) }
    },
    async write(name, { value, metadata }, seconds) {
      write.run(name, toOwner(name), value, metadata, now() + seconds)
      sweep.run(now())
    },
    async remove(name) {
      remove.run(name)
    },
    async list(owner) {
      const rows = list.all(owner, now())
      return rows.map((row) => ({ name: String(row.name), metadata: String(row.metadata) }))
    },
    close: async () => database.close(),
  }
}

function openFile(path: string): DatabaseSync {
  try {
    const mode = 0o600
    closeSync(openSync(path, 'a', mode))
    chmodSync(path, mode)
    const database = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS })
    database.exec(SCHEMA)
    return database
  } catch (error) {
    throw new StartFault(`STORE: ${path} cannot be opened: ${error}`)
  }
}
