/** The app under test: the real routes and the real KV, the sandbox as WeChat, a clock to set. */

import { createExecutionContext, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach } from 'vitest'
import { createSandbox } from '../../sandbox/wechat'
import type { Runtime } from '../../src/core/runtime'
import { rejectOnAbort } from '../../src/lib/abort'
import type { Hooks } from '../../src/login/hooks'
import { createHttpApp } from '../../src/login/http/app'
import { createService } from '../../src/login/service'
import { type Clock, createClock } from './clock'
import { hookedKV, type KVOperation } from './kv'

export const APPID = env.WECHAT_APPID
export const APPSECRET = env.WECHAT_APPSECRET
export const SERVICE_KEY = env.SERVICE_KEYS
/** Without the keys of the sandbox, which are refused beside another AppSecret. */
export const NO_KEYS = { SERVICE_KEYS: undefined, GATEWAY_KEYS: undefined }

export interface OpenData {
  rawData: string
  signature: string
  encryptedData: string
  iv: string
}

export interface TestAppOptions {
  /** Settings that replace those of the test configuration; `undefined` removes one. */
  readonly settings?: Record<string, unknown>
  /** Answers calls to WeChat instead of the sandbox. */
  readonly fetch?: Runtime['fetch']
  /** Hosts that accept no connection. */
  readonly down?: readonly string[]
  /** AppSecrets by AppID: mini programs of the sandbox besides the one of the test configuration. */
  readonly apps?: Readonly<Record<string, string>>
  /** When the time for WeChat's answer runs out; never by default. */
  readonly deadline?: 'before the answer' | 'within the body'
  /** Hooks in the same Worker. */
  readonly hooks?: Hooks
}

/** How long each call to WeChat and each operation of KV takes, in milliseconds. */
export const WECHAT_MILLISECONDS = 20
export const KV_MILLISECONDS = 1

/** Whose phone it is, which mini program is open, and whether wx.login rotates the session_key. */
interface PhoneOptions {
  user?: string
  appid?: string
  rotate?: boolean
}

export type TestApp = ReturnType<typeof createTestApp>

/**
 * Gives each test of a file an app of its own, and empties KV after each test.
 *
 * @returns The app of the current test. `replace` exchanges it for one with other options, and
 *   leaves KV as it is.
 * @example
 * const app = useTestApp()
 *
 * it('A session lasts as long as SESSION_TTL', async () => {
 *   app.replace({ settings: { SESSION_TTL: '3600' } })
 *   expect((await app.login()).expiresIn).toBe(3600)
 * })
 */
export function useTestApp(options: TestAppOptions = {}) {
  const app = createTestApp(options)
  const replace = (others: TestAppOptions = {}) => void Object.assign(app, createTestApp(others))
  beforeEach(() => replace(options))
  afterEach(() => reset())
  return Object.assign(app, { replace })
}

/** An app for one test, e.g. a second isolate that shares KV with the first. */
export function createTestApp({
  settings = {},
  fetch,
  down = [],
  apps = {},
  deadline,
  hooks,
}: TestAppOptions = {}) {
  const clock = createClock()
  const sandbox = createSandbox({
    apps: { [APPID]: APPSECRET, ...apps },
    now: () => clock.now,
  })
  const log: string[] = []
  const warnings: string[] = []
  const sleeps: number[] = []
  const tasks: Promise<unknown>[] = []
  const timer = new AbortController()
  const timeout = () => new DOMException('The time is over', 'TimeoutError')
  const timeOut = () => timer.abort(timeout())
  const deadlines: { milliseconds: number; controller: AbortController }[] = []
  const kv = countedKV(env.SESSIONS, clock)
  const bindings = { ...env, SESSIONS: kv.namespace, ...settings }

  const preparedAnswers = new Map<string, object>()
  const listeners: ((request: Request) => unknown)[] = []
  const runtime: Runtime = {
    connects: async ({ host }) => !down.includes(host),
    waitUntil: (task) => void tasks.push(task),
    now: () => clock.now,
    nowMilliseconds: clock.nowMilliseconds,
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds)
      clock.pass(milliseconds)
    },
    deadline: (milliseconds) => {
      const controller = new AbortController()
      deadlines.push({ milliseconds, controller })
      return AbortSignal.any([timer.signal, controller.signal])
    },
    random: () => 0.5,
    log: (entry) => {
      log.push(JSON.stringify(entry))
      if (entry.level !== 'info') warnings.push(JSON.stringify(entry))
    },
    fetch: async (request) => {
      clock.pass(WECHAT_MILLISECONDS)
      for (const listen of listeners) await listen(request.clone() as Request)
      const prepared = preparedAnswers.get(new URL(request.url).pathname)
      const answer = prepared
        ? Promise.resolve(Response.json(prepared))
        : (fetch ?? sandbox.fetch)(request)
      if (deadline === 'before the answer') timeOut()
      const response = await Promise.race([answer, rejectOnAbort(request.signal)])
      if (deadline !== 'within the body') return response
      timeOut()
      await response.body?.cancel()
      // As the platform's, the body ends with the signal.
      return new Response(new ReadableStream({ pull: (c) => c.error(request.signal.reason) }))
    },
  }
  const start = () => createService(runtime, hooks ? { hooks } : {})
  let service = start()
  let app = createHttpApp(service)

  /** Starts a new isolate: nothing is left in memory. */
  function restart(): void {
    service = start()
    app = createHttpApp(service)
  }

  function request(path: string, init: RequestInit = {}): Promise<Response> {
    return receive(new Request(`https://login.example${path}`, init))
  }

  async function receive(incoming: Request): Promise<Response> {
    const response = await app.fetch(incoming, bindings, createExecutionContext())
    await Promise.all(tasks.splice(0))
    return response
  }

  function send(method: string, path: string, options: { token?: string; body?: unknown } = {}) {
    const { token, body } = options
    return request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** Uses the sandbox's phone, e.g. `wx.login`; the user is `alice` unless the body names another. */
  async function press<T>(path: string, body: object = {}): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body) }
    const response = await sandbox.fetch(new Request(`https://phone.example/sandbox/${path}`, init))
    return response.status === 204 ? (null as T) : response.json<T>()
  }

  async function wxLogin(options: PhoneOptions = {}): Promise<string> {
    return (await press<{ code: string }>('wx.login', options)).code
  }

  /** Calls wx.login and POST /login. Throws if the login fails. */
  async function login(options: PhoneOptions & { token?: string } = {}) {
    const { token, ...phoneOptions } = options
    const { appid } = phoneOptions
    const body = { code: await wxLogin(phoneOptions), ...(appid && { appid }) }
    const response = await send('POST', '/login', token ? { token, body } : { body })
    if (response.status !== 200) throw new Error(`login failed: ${await response.text()}`)
    return response.json<LoginAnswer>()
  }

  return {
    restart,
    /** The service behind the app, as RPC has it: for these bindings. */
    service: (env: object) => service(env),
    bindings,
    /** The tasks that the app has passed to waitUntil. */
    tasks,
    /** Makes WeChat answer calls of this path with this JSON; `null` undoes it. */
    setAnswer: (path: string, answer: object | null) =>
      void (answer ? preparedAnswers.set(path, answer) : preparedAnswers.delete(path)),
    /** Calls the listener with each request to WeChat, before WeChat gets it. */
    onCall: (listener: (request: Request) => unknown) => void listeners.push(listener),
    /** The lengths of the deadlines that have been set so far, in milliseconds. */
    deadlines: () => deadlines.map(({ milliseconds }) => milliseconds),
    /** Lets the time run out for every deadline of this length. */
    timeOut: (length: number) => {
      const over = deadlines.filter(({ milliseconds }) => milliseconds === length)
      for (const { controller } of over) controller.abort(timeout())
    },
    clock,
    sandbox,
    /** The openid of a user in the mini program of the test configuration. */
    getOpenid: (user = 'alice') => sandbox.getOpenid(APPID, user),
    /** All lines of the log. */
    log,
    /** The lines of the log with level `warn` or `error`. */
    warnings,
    /** How long the app has waited before it repeated calls, in milliseconds. */
    sleeps,
    kv,
    request,
    receive,
    send,
    press,
    wxLogin,
    login,
  }
}

export interface LoginAnswer {
  token: string
  tokenType: string
  expiresIn: number
  expiresAt: string
  userId: string
}

export interface ProblemBody {
  type: string
  title: string
  status: number
  code: string
  detail: string
  action: string
  errcode?: number
  errors?: { path: string; message: string }[]
}

interface KVCall {
  readonly operation: KVOperation
  readonly key: string
  readonly options: unknown
}

/** The real namespace, which takes its time, counts its operations and fails on demand. */
function countedKV(real: KVNamespace, clock: Clock) {
  const counts = { get: 0, put: 0, delete: 0, list: 0 }
  const calls: KVCall[] = []
  const down = new Set<KVOperation>()
  const failing: KVOperation[] = []
  const namespace = hookedKV(real, (operation, key, proceed, options) => {
    clock.pass(KV_MILLISECONDS)
    counts[operation]++
    calls.push({ operation, key, options })
    const index = failing.indexOf(operation)
    if (index >= 0) failing.splice(index, 1)
    else if (!down.has(operation)) return proceed()
    throw new Error(`KV ${operation.toUpperCase()} failed: 429 Too Many Requests`)
  })
  return {
    namespace,
    counts,
    /** All operations, in order. */
    calls,
    /** The operations that fail. */
    down,
    /** Makes the next operation of this kind fail. */
    failOnce: (operation: KVOperation) => void failing.push(operation),
  }
}
