/** The store of the server in SQLite. */

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, it } from 'vitest'
import { openSqlite } from '../../src/server/sqlite'
import { describeStore } from '../support/store-contract'

const directory = mkdtempSync(join(tmpdir(), 'code2session-'))
afterAll(() => rmSync(directory, { recursive: true }))

describeStore('SQLite', async () => {
  const path = join(directory, 'contract.db')
  const clock = { now: 1_790_000_000 }
  const open = () => openSqlite(path, { now: () => clock.now, warn: fail })
  const [store, other] = [open(), open()]
  return {
    store,
    other,
    pass: async (seconds) => {
      clock.now += seconds
    },
    has: async (name) => {
      const database = new DatabaseSync(path)
      const row = database.prepare('SELECT * FROM code2session_entries WHERE name = ?').get(name)
      database.close()
      return row !== undefined
    },
  }
})

it('SQLite writes all of what is asked for at once or nothing of it, and reads in any case', async () => {
  const store = openSqlite(join(directory, 'turns.db'), { now: () => 1_790_000_000, warn: fail })
  const entry = { value: Uint8Array.of(1), metadata: '1' }
  await store.write('turn:read', entry, 60)
  const asked = [
    store.write('turn:a', entry, 60),
    store.write('turn:b', { ...entry, metadata: null as never }, 60),
    store.remove('turn:read'),
    store.read('turn:read'),
  ]
  const outcomes = await Promise.allSettled(asked)
  expect(outcomes.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'rejected',
    'fulfilled',
  ])
  expect(await store.list('turn:')).toEqual([{ name: 'turn:read', metadata: '1' }])
  await Promise.all([store.remove('turn:read'), store.write('turn:c', entry, 60)])
  expect(await store.list('turn:')).toEqual([{ name: 'turn:c', metadata: '1' }])
  await store.close()
})

it('a write of SQLite succeeds although old entries cannot be deleted, which is warned of', async () => {
  const path = join(directory, 'stuck.db')
  const [clock, warnings] = [{ now: 1_790_000_000 }, [] as string[]]
  const warn = (reason: string) => void warnings.push(reason)
  const store = openSqlite(path, { now: () => clock.now, warn })
  const entry = { value: Uint8Array.of(7), metadata: 'null' }
  await store.write('session:owner:old', entry, 1)
  const database = new DatabaseSync(path)
  database.exec(
    "CREATE TRIGGER stuck BEFORE DELETE ON code2session_entries BEGIN SELECT RAISE(ABORT, 'stuck'); END",
  )
  database.close()
  clock.now += 2
  await store.write('session:owner:new', entry, 60)
  expect(await store.read('session:owner:new')).toEqual(entry)
  expect(warnings).toEqual(['entries whose lifetime is over were not deleted'])
  await store.close()
})

it('a write to SQLite waits for that of another process', async () => {
  const path = join(directory, 'busy.db')
  const store = openSqlite(path, { now: () => 0, warn: () => {} })
  const other = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
    const database = new (require('node:sqlite').DatabaseSync)(workerData)
    database.exec('BEGIN IMMEDIATE')
    parentPort.postMessage('writing')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    database.exec('COMMIT')
    database.close()`,
    { eval: true, workerData: path },
  )
  await once(other, 'message')
  await store.write('a:b', { value: Uint8Array.of(1), metadata: '2' }, 60)
  expect(await store.read('a:b')).toEqual({ value: Uint8Array.of(1), metadata: '2' })
  await store.close()
})

function fail(reason: string): void {
  throw new Error(reason)
}
