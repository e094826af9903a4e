/** Sessions in a SQLite file, which several processes of one machine can share. */

import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { StartFault } from './fault'
import type { Store, StoreOptions } from './store'

/** How long a process waits for another one's write, in milliseconds; without it, writes are lost. */
const BUSY_MILLISECONDS = 2000

// FULL: after a power loss, a session that was ended must not come back.
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS code2session_entries (
    name TEXT PRIMARY KEY, value BLOB NOT NULL, metadata TEXT NOT NULL, expires INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS code2session_expires ON code2session_entries (expires);
`

/**
 * Opens the file, and makes it if it is missing; only its owner can read it.
 *
 * @throws {StartFault} if it cannot be opened
 */
export function openSqlite(path: string, { now, warn }: StoreOptions): Store {
  const database = openFile(path)
  const select = 'SELECT * FROM code2session_entries WHERE'
  const read = database.prepare(`${select} name = ? AND expires > ?`)
  const list = database.prepare(`${select} name > ? AND name < ? AND expires > ?`)
  const write = database.prepare('INSERT OR REPLACE INTO code2session_entries VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM code2session_entries WHERE name = ?')
  const sweep = database.prepare(`DELETE FROM code2session_entries WHERE name IN
    (SELECT name FROM code2session_entries WHERE expires <= ? LIMIT 20)`)

  const writes: (() => unknown)[] = []
  // Responses that leave one after the other wake their receiver each, and take twice as much time.
  const readable = createTurns(() => {})
  const written = createTurns(() => transact(database, writes.splice(0)))

  return {
    async read(name) {
      await readable()
      const row = read.get(name, now())
      if (!(row?.value instanceof Uint8Array)) return null
      return { value: row.value, metadata: String(row.metadata) }
    },
    write(name, { value, metadata }, seconds) {
      writes.push(() => {
        write.run(name, value, metadata, now() + seconds)
        try {
          sweep.run(now())
        } catch {
          warn('entries whose lifetime is over were not deleted')
        }
      })
      return written()
    },
    remove(name) {
      writes.push(() => remove.run(name))
      return written()
    },
    async list(owner) {
      // The names between `owner:` and `owner;` are those that begin with the first.
      const rows = list.all(owner, owner.replace(/:$/, ';'), now())
      return rows.map((row) => ({ name: String(row.name), metadata: String(row.metadata) }))
    },
    close: async () => database.close(),
  }
}

/** Runs `end` once for all who ask in one turn of the event loop. They go on together. */
function createTurns(end: () => void): () => Promise<void> {
  let turn: Promise<void> | null = null
  return () => {
    turn ??= setImmediate().then(() => {
      turn = null
      end()
    })
    return turn
  }
}

/** Writes all or nothing, and waits once for the disk. */
function transact(database: DatabaseSync, writes: readonly (() => unknown)[]): void {
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const write of writes) write()
    database.exec('COMMIT')
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK')
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
