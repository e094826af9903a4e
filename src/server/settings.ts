/** What a server is told by environment variables, besides the settings that the Worker has, too. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StartFault } from './fault'
import { openMysql } from './mysql'
import { openRedis, type RedisStore } from './redis'
import { serverRuntime } from './runtime'
import { openSqlite } from './sqlite'
import type { Store } from './store'

export type Environment = Readonly<Record<string, string | undefined>>

/** The variables, with those of a file `.env` in the working directory, which never replace others. */
export function readEnvironment(): Environment {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/** Where the server listens. */
export function parseAddress(
  env: Environment,
  defaultPort: number,
): { host: string; port: number } {
  const port = parseWhole('PORT', env.PORT, defaultPort, 65_535)
  return { host: env.HOST?.trim() || '127.0.0.1', port }
}

/** Requests a minute; 0 for no limit. */
export function parseLimit(env: Environment, name: string, standard: number): number {
  return parseWhole(name, env[name], standard, 1e9)
}

function parseWhole(name: string, text: string | undefined, standard: number, max: number): number {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return standard
  if (/^\d{1,10}$/.test(trimmed) && Number(trimmed) <= max) return Number(trimmed)
  throw new StartFault(`${name} must be a whole number from 0 to ${max}`)
}

export interface OpenStore {
  readonly store: Store
  /** The same, where it is Redis. */
  readonly redis: RedisStore | null
  /** For the log: without the password. */
  readonly description: string
}

/**
 * Opens the store that `STORE` names, or the MySQL that WeChat Cloud Hosting names.
 *
 * @throws {StartFault} for what no waiting mends
 */
export async function openStore(env: Environment): Promise<OpenStore> {
  const setting = env.STORE?.trim() || null
  if (!setting && env.MYSQL_ADDRESS) return openCloudMysql(env)
  const url = setting ?? 'sqlite:code2session.db'
  if (url.startsWith('sqlite:')) return openFile(url)
  const parsed = URL.parse(url)
  if (parsed?.protocol === 'redis:' || parsed?.protocol === 'rediss:') {
    const redis = await openRedis(url, warn)
    return { store: redis, redis, description: describe(parsed) }
  }
  if (parsed?.protocol === 'mysql:' && parsed.pathname.length > 1) {
    const connection = {
      host: parsed.hostname,
      port: Number(parsed.port) || 3306,
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: decodeURIComponent(parsed.pathname.slice(1)),
    }
    const store = await openMysql({ connection, now: serverRuntime.now, warn })
    return { store, redis: null, description: describe(parsed) }
  }
  throw new StartFault(
    'STORE must be sqlite:PATH, redis://…, rediss://… or mysql://USER:PASSWORD@HOST:PORT/DATABASE',
  )
}

function openFile(url: string): OpenStore {
  const path = url.slice('sqlite:'.length)
  try {
    return { store: openSqlite(path, serverRuntime.now), redis: null, description: url }
  } catch (error) {
    throw new StartFault(
      `STORE: ${path} cannot be opened: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

async function openCloudMysql(env: Environment): Promise<OpenStore> {
  const { MYSQL_ADDRESS = '', MYSQL_USERNAME: user, MYSQL_PASSWORD: password } = env
  if (!user || !password) {
    throw new StartFault('MYSQL_USERNAME and MYSQL_PASSWORD must be set beside MYSQL_ADDRESS')
  }
  const database = env.MYSQL_DATABASE?.trim() || 'code2session'
  const [host = '', port = '3306'] = MYSQL_ADDRESS.split(':')
  const connection = { host, port: Number(port), user, password, database }
  const store = await openMysql({ connection, now: serverRuntime.now, warn })
  return { store, redis: null, description: `mysql://${host}:${port}/${database}` }
}

function describe({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

function warn(reason: string): void {
  serverRuntime.log({ level: 'warn', reason })
}

/**
 * The hooks of the module that `HOOKS` names: its default export.
 *
 * @throws {StartFault} if it does not load
 */
export async function loadHooks(env: Environment): Promise<object | null> {
  const path = env.HOOKS?.trim()
  if (!path) return null
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
    if (typeof module.default === 'object' && module.default) return module.default
  } catch (error) {
    throw new StartFault(
      `HOOKS: ${path} does not load: ${error instanceof Error ? error.message : ''}`,
    )
  }
  throw new StartFault(`HOOKS: ${path} has no default export with hooks`)
}

/** The stream that `EVENTS` names, in the shape of a Queue. */
export function toQueue(env: Environment, redis: RedisStore | null) {
  const stream = env.EVENTS?.trim()
  if (!stream) return null
  if (!redis)
    throw new StartFault(
      'EVENTS is the name of a Redis stream, so STORE must be redis://… or rediss://…',
    )
  return { send: (message: unknown) => redis.append(stream, JSON.stringify(message)) }
}
