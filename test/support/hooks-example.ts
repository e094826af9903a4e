/** The login Worker with examples/hooks bound as `HOOKS`, both built, with D1 and KV in Miniflare. */

import { type ChildProcess, spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { pushRequest } from '../../sandbox/push'
import { type BuiltWorker, build, buildProduction } from './built-worker'
import { PUSH, send } from './environment'
import { startMiniflare } from './miniflare'
import { startUpstream } from './upstream'

export const APPIDS = ['wx0000000000000001', 'wx0000000000000002'] as const
export const SERVICE_KEY = 'k'.repeat(32)

/** Who WeChat says that a code belongs to. */
export interface WeChatUser {
  readonly appid?: string
  readonly openid: string
  readonly unionid?: string
}

export interface BuiltExample {
  readonly login: BuiltWorker
  readonly hooks: BuiltWorker
}

export async function buildHooksExample(): Promise<BuiltExample> {
  const hooks = await build({ config: 'examples/hooks/wrangler.toml', main: 'index' })
  return { login: await buildProduction(), hooks }
}

/** Serves both Workers, the hooks Worker with these vars and secrets, and its migrations applied. */
export async function serveHooksExample(
  { login, hooks }: BuiltExample,
  settings: Readonly<Record<string, string>> = {},
) {
  const upstream = await startUpstream(() => new URL('http://localhost'))
  const bindings = {
    ...PUSH,
    WECHAT_APPS: JSON.stringify(Object.fromEntries(APPIDS.map((appid) => [appid, 'a-secret']))),
    WECHAT_API_BASE: upstream.url,
    SERVICE_KEYS: SERVICE_KEY,
  }
  const HOOKS = { name: 'hooks', entrypoint: 'Hooks' }
  const { url, getBindings, close } = await startMiniflare([
    { name: 'login', code: login.code, bindings, kvNamespaces: ['SESSIONS'], services: { HOOKS } },
    { name: 'hooks', code: hooks.code, bindings: settings, d1Databases: ['DB'] },
  ])
  const { DB } = await getBindings<{ DB: D1Database }>('hooks')
  const { SESSIONS } = await getBindings<{ SESSIONS: KVNamespace }>('login')
  await applyMigrations(DB)

  let secret: string | null = null
  async function logIn({ appid = APPIDS[0], openid, unionid }: WeChatUser) {
    const answer = { openid, unionid, session_key: 'tiihtNczf5v6AKRyjwEUhQ==' }
    upstream.next(({ url = '' }, response) => {
      secret = new URLSearchParams(url.split('?')[1]).get('secret')
      response.end(JSON.stringify(answer))
    })
    return send(url, 'POST', '/login', { body: { appid, code: crypto.randomUUID() } })
  }

  return {
    url,
    logIn,
    /** The AppSecret of the last login. */
    secret: () => secret,
    /** Logs a user in, and returns the claims that introspection gives for the session. */
    async readClaims(user: WeChatUser): Promise<unknown> {
      const { token } = (await logIn(user)).answer as { token: string }
      const body = new URLSearchParams({ token })
      const { answer } = await send(url, 'POST', '/introspect', { token: SERVICE_KEY, body })
      return (answer as { claims?: unknown }).claims
    },
    /** Pushes an event about a user of the first mini program. */
    async push(Event: string, OpenID: string): Promise<{ status: number; text: string }> {
      const appid = APPIDS[0]
      const timestamp = Math.floor(Date.now() / 1000)
      const event = { MsgType: 'event', CreateTime: timestamp, Event, OpenID }
      const { WECHAT_PUSH_TOKEN: token, WECHAT_PUSH_AES_KEY: encodingAESKey } = PUSH
      const options = { appid, token, encodingAESKey, timestamp }
      const request = await pushRequest(`${url.origin}/wechat/events/${appid}`, event, options)
      const response = await fetch(request)
      return { status: response.status, text: await response.text() }
    },
    /** Runs one statement. */
    sql: async <Row>(text: string, ...values: string[]): Promise<Row[]> =>
      (
        await DB.prepare(text)
          .bind(...values)
          .all<Row>()
      ).results,
    countSessions: async () => (await SESSIONS.list()).keys.length,
    async close(): Promise<void> {
      await close()
      await upstream.close()
    },
  }
}

export async function applyMigrations(db: D1Database): Promise<void> {
  const files = globSync('examples/hooks/migrations/*.sql').toSorted()
  const sql = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const statements = sql.split(/;\s*$/m).filter((text) => text.trim() !== '')
  await db.batch(statements.map((text) => db.prepare(text)))
}

/** Runs examples/hooks/backend.js on a free port, as `edit` has changed its code. */
export async function startBackend(
  secret: string,
  edit: (code: string) => string = (code) => code,
): Promise<{ url: string; stop: () => void }> {
  const env = { ...process.env, BACKEND_SECRET: secret, PORT: '0' }
  const code = edit(readFileSync('examples/hooks/backend.js', 'utf8'))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { env })
  return { url: await readUrl(child), stop: () => void child.kill() }
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const url = /Ready on (http:\S+)/.exec(String(chunk))?.[1]
      if (url) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`backend.js ended with ${code}`)))
  })
}
