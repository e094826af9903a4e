/** The rows of the benchmark: what each of them starts, and how it is asked. */

import { mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ENCRYPTED } from '../support/vectors.ts'
import { PAY_SETTINGS } from '../support/wechat-pay.ts'
import { type BuildOptions, PAYMENTS, PRODUCTION } from '../support/worker-build.ts'
import { build, bundle, checkOutBaseline, installPeers } from './build.ts'
import { scratch, startNode } from './children.ts'
import { measureStarts, type Program, serve } from './measure.ts'
import { BASELINE, type Options, type Row } from './operations.ts'
import {
  EASYWECHAT_CLIENT,
  LOGIN_CLIENT,
  PAYMENTS_CLIENT,
  SERVICE_KEY,
  WAFER_CLIENT,
} from './requests.ts'
import { type Config, compile, startWorkerd } from './workerd.ts'

/** The ports of what all programs talk to; `null` without redis-server. */
export interface Outside {
  readonly kv: number
  readonly wechat: number
  readonly redis: number | null
}

const PEERS: readonly Row[] = ['easywechat', 'wafer']

/** The programs that were asked for, and why some of them are missing. */
export async function createPrograms(outside: Outside, { operations, rows: asked }: Options) {
  const notices: string[] = []
  let rows = asked
  const leaveOut = (missing: readonly Row[], notice: string) => {
    const left = rows.filter((row) => !missing.includes(row))
    if (left.length < rows.length) notices.push(notice)
    rows = left
  }
  const baseline = checkOutBaseline()
  if (!baseline) {
    leaveOut(['baseline'], `This clone has no commit ${BASELINE}: nothing is compared with it.`)
  }
  if (outside.redis === null) {
    leaveOut(['redis', ...PEERS], 'There is no redis-server: the rows with Redis are missing.')
  }
  if (rows.some((row) => PEERS.includes(row)) && !installPeers()) {
    leaveOut(PEERS, 'The other libraries could not be installed: their rows are missing.')
  }
  const programs = [
    ...(operations.some((operation) => operation !== 'order')
      ? await createLoginPrograms(outside, rows, baseline)
      : []),
    ...(operations.includes('order') ? await createOrderPrograms(outside, rows, baseline) : []),
    ...createNodePrograms(outside).filter(({ row }) => rows.includes(row)),
  ]
  return { notices, programs }
}

function toLoginVars({ wechat }: Outside): Record<string, string> {
  return {
    WECHAT_APPID: ENCRYPTED.appid,
    WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
    WECHAT_API_BASE: `http://127.0.0.1:${wechat}`,
    // The published example is from 2016.
    OPEN_DATA_MAX_AGE: '3153600000',
    SERVICE_KEYS: SERVICE_KEY,
  }
}

/** Builds a bare Worker, this one and the baseline, and compiles those of these rows. */
async function compileRows(
  rows: readonly Row[],
  builds: { bare: string; ours: BuildOptions; baseline: BuildOptions | null },
  config: Omit<Config, 'code'>,
) {
  const bare = bundle(builds.bare)
  const [ours, baseline] = await Promise.all([
    build(builds.ours),
    builds.baseline && build(builds.baseline),
  ])
  const codes: Partial<Record<Row, string | null>> = { bare, again: bare, ours, baseline }
  return rows.flatMap((row) => {
    const code = codes[row]
    return code ? [{ row, compiled: compile({ ...config, code }) }] : []
  })
}

async function createLoginPrograms(
  outside: Outside,
  rows: readonly Row[],
  root: string | null,
): Promise<Program[]> {
  const baseline = root === null ? null : { config: 'wrangler.toml', main: 'worker', root }
  const builds = { bare: 'bare', ours: PRODUCTION, baseline }
  const config = { vars: toLoginVars(outside), kv: outside.kv, rpc: 'given' } as const
  const caller = compile({ code: bundle('caller'), rpc: 'taken' })
  const operations = ['check', 'verify', 'introspect', 'login', 'decrypt'] as const
  return (await compileRows(rows, builds, config)).flatMap(({ row, compiled }) => [
    serve({ row, operations, client: LOGIN_CLIENT }, () => startWithCaller(compiled, caller)),
    measureStarts(row, () => startWorkerd(compiled)),
  ])
}

/** The Worker that calls this one is a process of its own. */
async function startWithCaller(compiled: string, callerCompiled: string) {
  const server = await startWorkerd(compiled, { sockets: ['http', 'rpc'] })
  const caller = await startWorkerd(callerCompiled, { login: server.rpc })
  const close = async () => {
    await caller.close()
    await server.close()
  }
  return { ...server, callerPort: caller.port, close }
}

async function createOrderPrograms(
  { wechat }: Outside,
  rows: readonly Row[],
  root: string | null,
): Promise<Program[]> {
  const baseline = root === null ? null : { config: 'src/pay/wrangler.toml', main: 'worker', root }
  const base = `http://127.0.0.1:${wechat}`
  const vars = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: base, SERVICE_KEYS: SERVICE_KEY }
  const compiled = await compileRows(rows, { bare: 'bare-pay', ours: PAYMENTS, baseline }, { vars })
  return compiled.map(({ row, compiled }) =>
    serve({ row, operations: ['order'], client: PAYMENTS_CLIENT }, () => startWorkerd(compiled)),
  )
}

/** The server with both of its stores, and the other libraries. */
function createNodePrograms(outside: Outside): Program[] {
  const vars = toLoginVars(outside)
  const operations = ['check', 'login', 'decrypt'] as const
  const startServer = (store: string) => {
    const source = [
      '--import',
      resolve('typescript-loader.js'),
      resolve('src/server/login-server.ts'),
    ]
    return startNode(source, { ...vars, STORE: store, LOGIN_LIMIT: '0', USER_LIMIT: '0' })
  }
  const startPeer = (name: string) => {
    const env = { ...vars, REDIS_PORT: String(outside.redis) }
    return startNode([join(import.meta.dirname, 'peers', name)], env)
  }
  const ours = { operations: [...operations, 'introspect'], client: LOGIN_CLIENT } as const
  const toDatabase = () => join(mkdtempSync(join(scratch, 'sqlite-')), 'sessions.db')
  return [
    serve({ row: 'sqlite', ...ours }, () => startServer(`sqlite:${toDatabase()}`)),
    serve({ row: 'redis', ...ours }, () => startServer(`redis://127.0.0.1:${outside.redis}`)),
    serve({ row: 'easywechat', operations, client: EASYWECHAT_CLIENT }, () =>
      startPeer('easywechat.js'),
    ),
    serve({ row: 'wafer', operations, client: WAFER_CLIENT }, () => startPeer('wafer.js')),
  ]
}
