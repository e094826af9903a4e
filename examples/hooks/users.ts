/** Accounts in D1: a function for each job. The tables are in migrations/. */

import type { LoginEvent } from 'code2session'

export interface Account {
  readonly id: string
  readonly status: 'active' | 'blocked' | 'closed'
  readonly roles: string[]
}

/**
 * Records a login. The first login of a person creates an account, and the unionid links a second
 * mini program to it.
 *
 * @returns the person's accounts, that of this mini program first. There can be a second one if
 * both mini programs had users before they shared an Open Platform account.
 * @example
 * const [account, ...others] = await recordLogin(env.DB, login)
 */
export async function recordLogin(
  db: D1Database,
  login: LoginEvent,
): Promise<[Account, ...Account[]]> {
  const id = crypto.randomUUID()
  // A batch is a transaction, so two first logins at once still create one account.
  const [, , found] = await db.batch<{ id: string; status: Account['status']; roles: string }>([
    createAccount(db, id, login),
    saveIdentity(db, id, login),
    findAccounts(db, login),
  ])
  const [own, ...others] = found?.results ?? []
  if (!own) throw new Error('The login was not recorded')
  const toAccount = (row: typeof own): Account => ({ ...row, roles: JSON.parse(row.roles) })
  return [toAccount(own), ...others.map(toAccount)]
}

/**
 * Closes the account of a user and deletes its openids and unionid. A blocked account stays as it
 * is, so that closing it does not lift the block.
 */
export async function closeAccount(
  db: D1Database,
  { appid, openid }: Pick<LoginEvent, 'appid' | 'openid'>,
): Promise<void> {
  const accountId = 'SELECT account_id FROM identities WHERE appid = ?1 AND openid = ?2'
  const close = `UPDATE accounts SET status = 'closed', roles = '[]'
    WHERE id = (${accountId}) AND status = 'active'`
  const forget = `DELETE FROM identities WHERE account_id =
    (SELECT id FROM accounts WHERE id = (${accountId}) AND status = 'closed')`
  await db.batch([close, forget].map((sql) => db.prepare(sql).bind(appid, openid)))
}

/** Inserts an account, unless the person has one. */
function createAccount(db: D1Database, id: string, { userId, unionid }: LoginEvent) {
  const sql = `INSERT INTO accounts (id) SELECT ?1
    WHERE NOT EXISTS (SELECT 1 FROM identities WHERE user_id = ?2 OR unionid = ?3)`
  return db.prepare(sql).bind(id, userId, unionid)
}

/**
 * Inserts the identity into the person's oldest account, or into the new one. A known identity
 * only learns its unionid, and a login that changes nothing writes nothing.
 */
function saveIdentity(db: D1Database, id: string, login: LoginEvent) {
  const { userId, appid, openid, unionid } = login
  const sql = `INSERT INTO identities (user_id, appid, openid, unionid, account_id)
    SELECT ?1, ?2, ?3, ?4, coalesce(
      (SELECT account_id FROM identities WHERE unionid = ?4 ORDER BY created_at, rowid LIMIT 1), ?5)
    WHERE true
    ON CONFLICT (user_id) DO UPDATE SET unionid = excluded.unionid
      WHERE coalesce(excluded.unionid, unionid) IS NOT unionid`
  return db.prepare(sql).bind(userId, appid, openid, unionid, id)
}

function findAccounts(db: D1Database, { userId, unionid }: LoginEvent) {
  const sql = `SELECT accounts.id, status, roles
    FROM identities JOIN accounts ON accounts.id = account_id
    WHERE user_id = ?1 OR unionid = ?2
    GROUP BY accounts.id ORDER BY max(user_id = ?1) DESC`
  return db.prepare(sql).bind(userId, unionid)
}
