/** What environment variables tell a server, besides the settings that the Worker has, too. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Problem } from '../core/problem'
import { StartFault, toStoreFault } from './fault'
import { openMysql } from './mysql'
import { openRedis } from './redis'
import { serverRuntime } from './runtime'
import { openSqlite } from './sqlite'
import type { Store } from './store'

export type Environment = Readonly<Record<string, string | undefined>>

/** The variables, with those of a file `.env` in the working directory, which never replace others. */
export function readEnvironment(): Environment {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/** @throws {StartFault} unless it is a whole number up to `max` */
export function parseWhole(env: Environment, name: string, fallback: number, max = 1e9): number {
  const text = env[name]?.trim() || String(fallback)
  if (/^\d{1,10}$/.test(text) && Number(text) <= max) return Number(text)
  throw new StartFault(`${name} must be a whole number from 0 to ${max}`)
}

/**
 * Opens the store that `STORE` names, or the MySQL that WeChat Cloud Hosting names.
 *
 * @returns The store, and how the log describes it
 * @throws {StartFault} for what no waiting mends
 */
export async function openStore(env: Environment) {
  const setting = env.STORE?.trim() || findCloudMysql(env) || 'sqlite:code2session.db'
  const warn = (reason: string) => serverRuntime.log({ level: 'warn', reason })
  const options = { now: serverRuntime.now, warn }
  if (setting.startsWith('sqlite:')) {
    return { store: openSqlite(setting.slice(7), options), description: setting }
  }
  // An @ after a bare / ? or # follows the rest of a password.
  const url = /\/\/.*[/?#].*@/.test(setting) ? null : URL.parse(setting)
  const description = `${url?.protocol}//${url?.host}${url?.pathname}`
  if (url?.protocol === 'redis:' || url?.protocol === 'rediss:') {
    return { store: await openRedis(setting, warn), description }
  }
  if (url?.protocol === 'mysql:' && url.pathname.length > 1) {
    return { store: await openMysql(url, options), description }
  }
  return toStoreFault()
}

function findCloudMysql(env: Environment): string | null {
  const { MYSQL_ADDRESS: address, MYSQL_USERNAME: user, MYSQL_PASSWORD: password } = env
  if (!address || !user || !password) return null
  const database = env.MYSQL_DATABASE?.trim() || 'code2session'
  const [name, secret, path] = [user, password, database].map(encodeURIComponent)
  return `mysql://${name}:${secret}@${address}/${path}`
}

/** The option of a service: the module that `HOOKS` names. @throws {StartFault} if it does not load */
export async function loadHooks(env: Environment): Promise<{ hooks?: object }> {
  const path = env.HOOKS?.trim()
  if (!path) return {}
  const load = import(pathToFileURL(resolve(path)).href)
  const module: { default?: unknown } = await load.catch((error) => {
    throw new StartFault(`HOOKS: ${path} does not load: ${error}`)
  })
  if (typeof module.default === 'object' && module.default) return { hooks: module.default }
  throw new StartFault(`HOOKS: ${path} has no default export with hooks`)
}

/** The stream that `EVENTS` names, in the shape of a Queue. */
export function toQueue(env: Environment, store: Store | null) {
  const stream = env.EVENTS?.trim()
  if (!stream) return undefined
  const append = store?.append
  if (!append) throw new StartFault('EVENTS names a Redis stream, so STORE must be redis://…')
  return { send: (message: unknown) => append(stream, JSON.stringify(message)) }
}

/** @throws {StartFault} with every setting of the Worker's that is wrong */
export function toSettingsFault(error: unknown): never {
  if (!(error instanceof Problem)) throw error
  throw new StartFault((error.options.log?.settings ?? []).join('; '))
}
