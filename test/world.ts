/** A whole small world for a test: the real app and the real KV, a fake WeChat, a clock to set. */

import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createApp } from '../src/app'
import type { Deps } from '../src/deps'
import { createSandbox } from './sandbox/wechat'

export const APPID = env.WECHAT_APPID
export const APPSECRET = env.WECHAT_APPSECRET

export interface OpenData {
  rawData: string
  signature: string
  encryptedData: string
  iv: string
}

interface WorldOptions {
  /** Settings over those of the test configuration; `undefined` takes one away. */
  readonly settings?: Record<string, unknown>
  readonly fetch?: Deps['fetch']
  /** When the time for WeChat's answer runs out; never, if left out. */
  readonly deadline?: 'before the answer' | 'within the body'
}

export type World = ReturnType<typeof createWorld>

export function createWorld({ settings = {}, fetch, deadline }: WorldOptions = {}) {
  const clock = { now: 1_790_000_000 }
  const sandbox = createSandbox({ appid: APPID, appsecret: APPSECRET, now: () => clock.now })
  const logs: string[] = []
  const sleeps: number[] = []
  const timer = new AbortController()
  const timeOut = () => timer.abort(new DOMException('The time is over', 'TimeoutError'))
  const kv = countedKV(env.SESSIONS)
  const bindings = { ...env, SESSIONS: kv.namespace, ...settings }

  const app = createApp({
    now: () => clock.now,
    sleep: async (milliseconds) => {
      sleeps.push(milliseconds)
    },
    deadline: () => timer.signal,
    random: () => 0.5,
    log: (entry) => logs.push(JSON.stringify(entry)),
    fetch: (request) => {
      const answer = (fetch ?? sandbox.fetch)(request)
      if (deadline === 'before the answer') timeOut()
      if (deadline === 'within the body') answer.then(timeOut)
      return answer
    },
  })

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const ctx = createExecutionContext()
    const response = await app.fetch(
      new Request(`https://login.example${path}`, init),
      bindings,
      ctx,
    )
    await waitOnExecutionContext(ctx)
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

  async function wxLogin(options: object = {}): Promise<string> {
    return (await phone<{ code: string }>('wx.login', options)).code
  }

  /** wx.login and POST /login, which must succeed. */
  async function login(options: { user?: string; rotate?: boolean; token?: string } = {}) {
    const { token, ...phoneOptions } = options
    const body = { code: await wxLogin(phoneOptions) }
    const response = await send('POST', '/login', token ? { token, body } : { body })
    if (response.status !== 200) throw new Error(`login failed: ${await response.text()}`)
    return response.json<LoginAnswer>()
  }

  return { clock, sandbox, logs, sleeps, kv, request, send, phone, wxLogin, login }
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

/** A response's status and problem code, as the error table names it. */
export async function problemOf(response: Response): Promise<ProblemBody> {
  return response.json<ProblemBody>()
}

/** The real namespace with a count of its operations, and an outage on demand. */
function countedKV(real: KVNamespace) {
  const counts = { get: 0, put: 0, delete: 0, list: 0 }
  const down = new Set<keyof typeof counts>()
  function operation<T>(name: keyof typeof counts, run: () => Promise<T>): Promise<T> {
    counts[name]++
    if (!down.has(name)) return run()
    return Promise.reject(new Error(`KV ${name.toUpperCase()} failed: 429 Too Many Requests`))
  }
  const namespace = {
    getWithMetadata: (key: string, type: 'arrayBuffer') =>
      operation('get', () => real.getWithMetadata(key, type)),
    put: (key: string, value: ArrayBuffer, options: KVNamespacePutOptions) =>
      operation('put', () => real.put(key, value, options)),
    delete: (key: string) => operation('delete', () => real.delete(key)),
    list: (options: KVNamespaceListOptions) => operation('list', () => real.list(options)),
  }
  return { namespace, counts, down }
}
