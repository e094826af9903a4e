/** The rows of the benchmark: what each of them starts, and how it is measured. */

import { mkdtempSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ENCRYPTED } from '../support/vectors.ts'
import { PAY_SETTINGS } from '../support/wechat-pay.ts'
import { PAYMENTS, PRODUCTION } from '../support/worker-build.ts'
import { build, bundle, checkOutBaseline, installPeers } from './build.ts'
import { forkProgram, startListener } from './children.ts'
import { freePort } from './load.ts'
import { measureStarts, type Program, serve } from './measure.ts'
import { BASELINE, type Options, type Row } from './operations.ts'
import {
  createEasywechatRequests,
  createPaymentRequests,
  createWaferRequests,
  createWorkerRequests,
  SERVICE_KEY,
} from './requests.ts'
import { compileCaller, compileLogin, compilePayments, scratch, startWorkerd } from './workerd.ts'

/** The ports of what all programs talk to. */
export interface Outside {
  readonly kv: number
  readonly wechat: number
  readonly redis: number | null
}

/** The programs that were asked for, and why some of them are missing. */
export async function createPrograms(outside: Outside, { operations, rows }: Options) {
  const notices: string[] = []
  const has = (...names: Row[]) => names.some((name) => rows.includes(name))
  const hasLogin = operations.some((operation) => operation !== 'order')
  const baseline = has('baseline') ? checkOutBaseline() : null
  if (has('baseline') && !baseline) {
    notices.push(`This clone has no commit ${BASELINE}: what is compared with it is missing.`)
  }
  const programs = [
    ...(hasLogin ? await createLoginPrograms(outside, baseline) : []),
    ...(operations.includes('order') ? await createOrderPrograms(outside, baseline) : []),
    ...(has('sqlite', 'redis') ? createServerPrograms(outside) : []),
    ...(has('easywechat', 'wafer') && outside.redis !== null ? createPeers(outside, notices) : []),
  ]
  if (has('redis', 'easywechat', 'wafer') && outside.redis === null) {
    notices.push('redis-server is not installed: the rows with Redis are missing.')
  }
  return { notices, programs: programs.filter(({ row }) => has(row)) }
}

function toLoginSettings({ wechat }: Outside): Record<string, string> {
  return {
    WECHAT_APPID: ENCRYPTED.appid,
    WECHAT_APPSECRET: 'the-sandbox-appsecret-is-public',
    WECHAT_API_BASE: `http://127.0.0.1:${wechat}`,
    // The published example is from 2016.
    OPEN_DATA_MAX_AGE: '3153600000',
    SERVICE_KEYS: SERVICE_KEY,
  }
}

/** By its row, the code of a bare Worker, of this one and of the baseline. */
async function buildAll(bare: string, ours: Promise<string>, baseline: Promise<string> | null) {
  const code = bundle(bare)
  const codes: [Row, string][] = [
    ['bare', code],
    ['again', code],
    ['ours', await ours],
  ]
  if (baseline) codes.push(['baseline', await baseline])
  return codes
}

async function createLoginPrograms(outside: Outside, baseline: string | null) {
  const vars = toLoginSettings(outside)
  const caller = compileCaller(bundle('caller'))
  const old = baseline ? build({ config: 'wrangler.toml', main: 'worker', root: baseline }) : null
  const codes = await buildAll('bare', build(PRODUCTION), old)
  return codes.flatMap(([row, code]): Program[] => {
    const compiled = compileLogin({ code, vars }, outside.kv)
    const operations = ['check', 'verify', 'introspect', 'login', 'decrypt'] as const
    return [
      serve({ row, operations }, () => startWithCaller(compiled, caller), createWorkerRequests),
      measureStarts(row, () => startAlone(compiled)),
    ]
  })
}

async function startAlone(compiled: string) {
  const { http: port, pid, close } = await startWorkerd(compiled, ['http'])
  return { port, pid, close }
}

/** The calling Worker is a process of its own. */
async function startWithCaller(compiled: string, callerCompiled: string) {
  const { http: port, rpc, pid, close } = await startWorkerd(compiled, ['http', 'rpc'])
  const caller = await startWorkerd(callerCompiled, ['http'], rpc)
  const closeBoth = async () => {
    await caller.close()
    await close()
  }
  return { port, callerPort: caller.http, pid, close: closeBoth }
}

async function createOrderPrograms({ wechat }: Outside, baseline: string | null) {
  const base = { WECHAT_PAY_API_BASE: `http://127.0.0.1:${wechat}` }
  const vars = { ...PAY_SETTINGS, ...base, SERVICE_KEYS: SERVICE_KEY }
  const old = baseline
    ? build({ config: 'src/pay/wrangler.toml', main: 'worker', root: baseline })
    : null
  const codes = await buildAll('bare-pay', build(PAYMENTS), old)
  return codes.map(([row, code]) => {
    const compiled = compilePayments({ code, vars })
    return serve({ row, operations: ['order'] }, () => startAlone(compiled), createPaymentRequests)
  })
}

function createServerPrograms(outside: Outside): Program[] {
  const operations = ['check', 'introspect', 'login', 'decrypt'] as const
  const toStart = (toStore: () => string) => async () => {
    const port = await freePort()
    const limits = { LOGIN_LIMIT: '0', USER_LIMIT: '0' }
    const env = { ...process.env, ...toLoginSettings(outside), ...limits, NODE_ENV: 'production' }
    const program = [
      '--import',
      resolve('typescript-loader.js'),
      resolve('src/server/login-server.ts'),
    ]
    return startListener(process.execPath, program, port, {
      cwd: scratch,
      env: { ...env, PORT: String(port), STORE: toStore() },
    })
  }
  const toDatabase = () => `sqlite:${join(mkdtempSync(join(scratch, 'sqlite-')), 'sessions.db')}`
  const redis = { row: 'redis', operations } as const
  return [
    serve({ row: 'sqlite', operations }, toStart(toDatabase), createWorkerRequests),
    ...(outside.redis === null
      ? []
      : [
          serve(
            redis,
            toStart(() => `redis://127.0.0.1:${outside.redis}`),
            createWorkerRequests,
          ),
        ]),
  ]
}

function createPeers(outside: Outside, notices: string[]): Program[] {
  try {
    installPeers()
  } catch {
    notices.push('The other libraries could not be installed: their rows are missing.')
    return []
  }
  const operations = ['check', 'login', 'decrypt'] as const
  const env = { ...toLoginSettings(outside), REDIS_PORT: String(outside.redis) }
  const start = (file: string) => () => forkProgram(join(import.meta.dirname, 'peers', file), env)
  return [
    serve({ row: 'easywechat', operations }, start('easywechat.js'), createEasywechatRequests),
    serve({ row: 'wafer', operations }, start('wafer.js'), createWaferRequests),
  ]
}
