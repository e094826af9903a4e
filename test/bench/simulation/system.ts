/** The real app in several isolates of several locations, with a simulated clock, KV and WeChat. */

import { pushRequest } from '../../../sandbox/push'
import { createSandbox } from '../../../sandbox/wechat'
import type { Runtime } from '../../../src/core/runtime'
import { createHttpApp } from '../../../src/login/http/app'
import { createService } from '../../../src/login/service'
import type { KVOperation } from '../../support/kv'
import { createSimulatedKV } from './kv'

const APPID = 'wx4f4bc4dec97d474b'
const APPSECRET = 'the-appsecret-of-the-simulation'
const PUSH_TOKEN = 'simulation'
export const SERVICE_KEY = 'the-service-key-of-the-simulation'

/** Unix milliseconds: noon of the day before. */
const START = Date.UTC(2026, 10, 24, 12)

export interface SystemOptions {
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  readonly locations: number
  readonly isolatesPerLocation: number
}

/** What one request, or all requests of one kind, have caused. */
export interface Usage {
  requests: number
  /** KV operations on sessions. */
  readonly kv: Record<KVOperation, number>
  /** Calls to WeChat, except those for an access_token. */
  wechat: number
  queueMessages: number
}

/** What the access_token has caused. It does not depend on the number of users. */
export interface AccessTokenUsage {
  readonly kv: Record<KVOperation, number>
  wechat: number
}

export type System = ReturnType<typeof createSystem>

const noOperations = () => ({ get: 0, put: 0, delete: 0, list: 0 })

export function createUsage(): Usage {
  return { requests: 0, kv: noOperations(), wechat: 0, queueMessages: 0 }
}

/**
 * @example
 * const system = createSystem({ staleness: 60, locations: 2, isolatesPerLocation: 1 })
 * const { token } = await system.login('alice', { location: 0 })
 */
export function createSystem({ staleness, locations, isolatesPerLocation }: SystemOptions) {
  const clock = { milliseconds: START }
  const seconds = () => Math.floor(clock.milliseconds / 1000)
  const accessToken: AccessTokenUsage = { kv: noOperations(), wechat: 0 }
  const tasks: Promise<unknown>[] = []
  let usage = createUsage()

  const sandbox = createSandbox({ apps: { [APPID]: APPSECRET }, now: seconds })
  const kv = createSimulatedKV({
    now: () => clock.milliseconds,
    staleness,
    onOperation: (operation, key) => {
      const { kv } = key.startsWith('access_token:') ? accessToken : usage
      kv[operation]++
    },
  })
  const runtime: Runtime = {
    fetch: (request) => {
      if (new URL(request.url).pathname === '/cgi-bin/stable_token') accessToken.wechat++
      else usage.wechat++
      return sandbox.fetch(request)
    },
    connects: async () => true,
    now: seconds,
    nowMilliseconds: () => clock.milliseconds,
    sleep: async () => undefined,
    deadline: () => new AbortController().signal,
    random: () => 0.5,
    waitUntil: (task) => void tasks.push(task),
    log: () => undefined,
  }
  const bindings = {
    WECHAT_APPID: APPID,
    WECHAT_APPSECRET: APPSECRET,
    SERVICE_KEYS: SERVICE_KEY,
    WECHAT_PUSH_TOKEN: PUSH_TOKEN,
    EVENTS: { send: async () => void usage.queueMessages++ },
  }
  const environments = Array.from({ length: locations }, () => {
    const env = { ...bindings, SESSIONS: kv.openLocation() }
    const createIsolate = () => createHttpApp(createService(runtime))
    return { env, isolates: Array.from({ length: isolatesPerLocation }, createIsolate), turn: 0 }
  })

  /** Sends a request to a location, to its isolates in turn, and measures what it causes. */
  async function send(location: number, request: Request): Promise<[Response, Usage]> {
    const environment = environments[location]
    const isolate = environment?.isolates[environment.turn++ % isolatesPerLocation]
    if (!environment || !isolate) throw new RangeError(`there is no location ${location}`)
    usage = { ...createUsage(), requests: 1 }
    const response = await isolate.fetch(request, environment.env)
    await Promise.all(tasks.splice(0))
    return [response, usage]
  }

  function press<Answer>(path: string, user: string, options: object = {}): Promise<Answer> {
    const body = JSON.stringify({ user, ...options })
    const request = new Request(`https://phone.example/sandbox/${path}`, { method: 'POST', body })
    return sandbox.fetch(request).then((response) => response.json<Answer>())
  }

  return {
    clock,
    kv,
    accessToken,
    send,
    /** What the phone's API answers, e.g. `wx.getUserInfo`. */
    press,
    /** The request that WeChat sends for an event. */
    createPush: (event: object) =>
      pushRequest('https://login.example/wechat/events', event, {
        appid: APPID,
        token: PUSH_TOKEN,
        encodingAESKey: null,
        timestamp: seconds(),
      }),
    /** Logs a user in, instead of the session of this token if there is one. */
    async login(user: string, { location, token }: { location: number; token?: string | null }) {
      // WeChat gives a new session_key where the old one is stale.
      const { code } = await press<{ code: string }>('wx.login', user, { rotate: Boolean(token) })
      const request = createRequest('POST', '/login', { token: token ?? null, body: { code } })
      const [response, usage] = await send(location, request)
      if (!response.ok) throw new Error(`login failed: ${await response.text()}`)
      const answer = await response.json<{ token: string }>()
      return { token: answer.token, usage }
    },
  }
}

/** A request of a phone, or with the service key as the token one of a backend. */
export function createRequest(
  method: string,
  path: string,
  { token, body }: { token: string | null; body?: object },
): Request {
  const isForm = body instanceof URLSearchParams
  return new Request(`https://login.example${path}`, {
    method,
    headers: {
      'User-Agent': USER_AGENT,
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(body && !isForm && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  })
}

/** As long as that of a phone, since KV stores it. */
const USER_AGENT =
  'Mozilla/5.0 (Linux; Android 14; PJD110 Build/UKQ1.230924.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260183 MMWEBSDK/20240802 MicroMessenger/8.0.53 MiniProgramEnv/android'
