/** Sessions in a SQLite file, which several processes of one machine can share. */

import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Store, toOwner } from './store'

/** How long a process waits for another one's write, in milliseconds; without it, writes are lost. */
const BUSY_MILLISECONDS = 2000

/** How many entries whose lifetime is over are deleted after a write. */
const SWEPT_AT_ONCE = 20

const SCHEMA = `
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
 */
export function openSqlite(path: string, now: () => number): Store {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new DatabaseSync(path, { timeout: BUSY_MILLISECONDS })
  // FULL: after a power loss, a session that was ended must not come back.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(SCHEMA)
  const read = database.prepare(
    'SELECT value, metadata FROM entries WHERE name = ? AND expires > ?',
  )
  const write = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM entries WHERE name = ?')
  const list = database.prepare(
    'SELECT name, metadata FROM entries WHERE owner = ? AND expires > ?',
  )
  const sweep = database.prepare(
    'DELETE FROM entries WHERE name IN (SELECT name FROM entries WHERE expires <= ? LIMIT ?)',
  )

  return {
    async read(name) {
      const row = read.get(name, now())
      if (!(row?.value instanceof Uint8Array)) return null
      return { value: row.value, metadata: JSON.parse(String(row.metadata)) }
    },
    async write(name, { value, metadata }, seconds) {
      write.run(name, toOwner(name), value, JSON.stringify(metadata), now() + seconds)
      sweep.run(now(), SWEPT_AT_ONCE)
    },
    async remove(name) {
      remove.run(name)
    },
    async list(owner) {
      const rows = list.all(owner, now())
      return rows.map(({ name, metadata }) => ({
        name: String(name),
        metadata: JSON.parse(String(metadata)),
      }))
    },
    async close() {
      database.close()
    },
  }
}
