/** The rows of the benchmark: what each of them starts, and how it is asked. */

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ENCRYPTED } from '../support/vectors.ts'
import { PAY_SETTINGS } from '../support/wechat-pay.ts'
import { buildWorker, PAYMENTS, PRODUCTION } from '../support/worker-build.ts'
import { bundle, checkOutBaseline, installPeers } from './build.ts'
import { scratch, startNode } from './children.ts'
import { measureStarts, type Program, serve } from './measure.ts'
import { BASELINE, type Options, type Row } from './operations.ts'
import * as clients from './requests.ts'
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
  const root = checkOutBaseline()
  if (root === null) {
    leaveOut(['baseline'], `This clone has no commit ${BASELINE}: nothing is compared with it.`)
  }
  if (outside.redis === null) {
    leaveOut(['redis', ...PEERS], 'There is no redis-server: the rows with Redis are missing.')
  }
  if (rows.some((row) => PEERS.includes(row))) installPeers()
  const programs = createNodePrograms(outside).filter(({ row }) => rows.includes(row))
  if (operations.some((operation) => operation !== 'order')) {
    programs.push(...(await createLoginPrograms(outside, rows, root)))
  }
  if (operations.includes('order')) {
    programs.push(...(await createOrderPrograms(outside, rows, root)))
  }
  return { notices, programs }
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function toLoginVars({ wechat }: Outside) {
  return {
    WECHAT_APPID: ENCRYPTED.appid,
    WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
    WECHAT_API_BASE: `http://127.0.0.1:${wechat}`,
    // The published example is from 2016.
    OPEN_DATA_MAX_AGE: '3153600000',
    SERVICE_KEYS: clients.SERVICE_KEY,
    ISSUER: 'https://login.example',
    ACCESS_TOKEN_KEY: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

type Build = Parameters<typeof buildWorker>[0]

/** Builds a bare Worker, this one and the baseline, and compiles those of these rows. */
async function compileRows(
  rows: readonly Row[],
  builds: { bare: string; ours: Build; baseline: Build },
  config: Omit<Config, 'code'>,
) {
  const bare = bundle(builds.bare)
  const [ours, baseline] = await Promise.all([
    buildWorker(builds.ours),
    rows.includes('baseline') ? buildWorker(builds.baseline) : null,
  ])
  const codes = { bare, again: bare, ours: ours.code, baseline: baseline?.code ?? '' }
  const names = Object.keys(codes) as (keyof typeof codes)[]
  return names
    .filter((row) => rows.includes(row))
    .map((row) => ({ row, compiled: compile({ ...config, code: codes[row] }) }))
}

async function createLoginPrograms(outside: Outside, rows: readonly Row[], root: string | null) {
  const baseline = { config: 'wrangler.toml', main: 'worker', root: root ?? '' }
  const builds = { bare: 'bare', ours: PRODUCTION, baseline }
  const config = { vars: toLoginVars(outside), kv: outside.kv, rpc: 'given' } as const
  const caller = compile({ code: bundle('caller'), rpc: 'taken' })
  return (await compileRows(rows, builds, config)).flatMap(({ row, compiled }) => {
    const client = row === 'baseline' ? clients.BASELINE_CLIENT : clients.WORKER_CLIENT
    return [
      serve(row, client, () => startWithCaller(compiled, caller)),
      measureStarts(row, () => startWorkerd(compiled)),
    ]
  })
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

async function createOrderPrograms(outside: Outside, rows: readonly Row[], root: string | null) {
  const baseline = { config: 'src/pay/wrangler.toml', main: 'worker', root: root ?? '' }
  const builds = { bare: 'bare-pay', ours: PAYMENTS, baseline }
  const base = `http://127.0.0.1:${outside.wechat}`
  const vars = { ...PAY_SETTINGS, WECHAT_PAY_API_BASE: base, SERVICE_KEYS: clients.SERVICE_KEY }
  return (await compileRows(rows, builds, { vars })).map(({ row, compiled }) =>
    serve(row, clients.PAYMENTS_CLIENT, () => startWorkerd(compiled)),
  )
}

/** The server with both of its stores, and the other libraries. */
function createNodePrograms(outside: Outside): Program[] {
  const vars = { ...toLoginVars(outside), REDIS_PORT: String(outside.redis) }
  const source = ['typescript-loader.js', 'src/server/login-server.ts'].map((path) => resolve(path))
  const startServer = (store: string) =>
    startNode(['--import', ...source], { ...vars, STORE: store, LOGIN_LIMIT: '0', USER_LIMIT: '0' })
  const startPeer = (name: string) => startNode([join(import.meta.dirname, 'peers', name)], vars)
  const toDatabase = () => join(mkdtempSync(join(scratch, 'sqlite-')), 'sessions.db')
  const { SERVER_CLIENT, EASYWECHAT_CLIENT, WAFER_CLIENT } = clients
  return [
    serve('sqlite', SERVER_CLIENT, () => startServer(`sqlite:${toDatabase()}`)),
    serve('redis', SERVER_CLIENT, () => startServer(`redis://127.0.0.1:${outside.redis}`)),
    serve('easywechat', EASYWECHAT_CLIENT, () => startPeer('easywechat.js')),
    serve('wafer', WAFER_CLIENT, () => startPeer('wafer.js')),
  ]
}
