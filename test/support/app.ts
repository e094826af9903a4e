/** A whole small world for a test: the real app and the real KV, a fake WeChat, a clock to set. */

import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createApp } from '../../src/http/app'
import type { Runtime } from '../../src/runtime'
import { createSandbox } from '../../src/sandbox/wechat'
import { createService } from '../../src/service'

export const APPID = env.WECHAT_APPID
export const APPSECRET = env.WECHAT_APPSECRET
export const SERVICE_KEY = env.SERVICE_KEYS

export interface OpenData {
  rawData: string
  signature: string
  encryptedData: string
  iv: string
}

interface WorldOptions {
  /** Settings over those of the test configuration; `undefined` takes one away. */
  readonly settings?: Record<string, unknown>
  readonly fetch?: Runtime['fetch']
  /** Hosts that accept no connection. */
  readonly down?: readonly string[]
  /** Mini programs besides the one of the test configuration, with their AppSecrets. */
  readonly apps?: Readonly<Record<string, string>>
  /** When the time for WeChat's answer runs out; never, if left out. */
  readonly deadline?: 'before the answer' | 'within the body'
}

/** Whose phone, in which mini program; and whether wx.login rotates the session_key. */
interface PhoneOptions {
  user?: string
  appid?: string
  rotate?: boolean
}

export type World = ReturnType<typeof createWorld>

export function createWorld({
  settings = {},
  fetch,
  down = [],
  apps = {},
  deadline,
}: WorldOptions = {}) {
  const clock = { now: 1_790_000_000 }
  const sandbox = createSandbox({
    apps: { [APPID]: APPSECRET, ...apps },
    now: () => clock.now,
  })
  const lines: string[] = []
  const logs: string[] = []
  const sleeps: number[] = []
  const tasks: Promise<unknown>[] = []
  const timer = new AbortController()
  const timeOut = () => timer.abort(new DOMException('The time is over', 'TimeoutError'))
  const kv = countedKV(env.SESSIONS)
  const bindings = { ...env, SESSIONS: kv.namespace, ...settings }

  const answers = new Map<string, object>()
  const watchers: ((request: Request) => unknown)[] = []
  const runtime: Runtime = {
    connects: async ({ host }) => !down.includes(host),
    waitUntil: (task) => void tasks.push(task),
    now: () => clock.now,
    nowMilliseconds: () => clock.now * 1000,
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds)
    },
    deadline: () => timer.signal,
    random: () => 0.5,
    log: (entry) => {
      lines.push(JSON.stringify(entry))
      if (entry.level !== 'info') logs.push(JSON.stringify(entry))
    },
    fetch: async (request) => {
      for (const watch of watchers) await watch(request.clone() as Request)
      const ready = answers.get(new URL(request.url).pathname)
      const answer = ready
        ? Promise.resolve(Response.json(ready))
        : (fetch ?? sandbox.fetch)(request)
      if (deadline === 'before the answer') timeOut()
      if (deadline === 'within the body') answer.then(timeOut)
      return answer
    },
  }
  let app = createApp({ service: createService(runtime) })

  /** A new isolate: what was kept in memory is gone. */
  function restart(): void {
    app = createApp({ service: createService(runtime) })
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

  /** Presses something on the phone of `alice`, or of another user. */
  async function phone<T>(path: string, body: object = {}): Promise<T> {
    const init = { method: 'POST', body: JSON.stringify(body) }
    const response = await sandbox.fetch(new Request(`https://phone.example/sandbox/${path}`, init))
    return response.status === 204 ? (null as T) : response.json<T>()
  }

  async function wxLogin(options: PhoneOptions = {}): Promise<string> {
    return (await phone<{ code: string }>('wx.login', options)).code
  }

  /** wx.login and POST /login, which must succeed. */
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
    /** What the runtime was asked to see through. */
    tasks,
    /** Makes WeChat answer this path with this. */
    answer: (path: string, value: object | null) =>
      void (value ? answers.set(path, value) : answers.delete(path)),
    /** Shows each request to WeChat. */
    watch: (watcher: (request: Request) => unknown) => void watchers.push(watcher),
    clock,
    sandbox,
    /** Every log line. */
    lines,
    /** The log lines that are of level warn or error. */
    logs,
    sleeps,
    kv,
    request,
    receive,
    send,
    phone,
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

/** The real namespace with a count of its operations, and an outage on demand. */
function countedKV(real: KVNamespace) {
  const counts = { get: 0, put: 0, delete: 0, list: 0 }
  const down = new Set<keyof typeof counts>()
  const failing: (keyof typeof counts)[] = []
  function operation<T>(name: keyof typeof counts, run: () => Promise<T>): Promise<T> {
    counts[name]++
    const index = failing.indexOf(name)
    if (index >= 0) failing.splice(index, 1)
    else if (!down.has(name)) return run()
    return Promise.reject(new Error(`KV ${name.toUpperCase()} failed: 429 Too Many Requests`))
  }
  const namespace = {
    get: (key: string, type: 'arrayBuffer') => operation('get', () => real.get(key, type)),
    getWithMetadata: (key: string, type: 'arrayBuffer') =>
      operation('get', () => real.getWithMetadata(key, type)),
    put: (key: string, value: ArrayBuffer, options: KVNamespacePutOptions) =>
      operation('put', () => real.put(key, value, options)),
    delete: (key: string) => operation('delete', () => real.delete(key)),
    list: (options: KVNamespaceListOptions) => operation('list', () => real.list(options)),
  }
  return { namespace, counts, down, failOnce: (name: keyof typeof counts) => failing.push(name) }
}
