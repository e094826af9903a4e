/** The real app in several isolates of several locations, with a simulated clock, KV and WeChat. */

import { pushRequest } from '../../../sandbox/push'
import { createSandbox } from '../../../sandbox/wechat'
import type { Runtime } from '../../../src/core/runtime'
import type { Hooks } from '../../../src/login/hooks'
import { createHttpApp } from '../../../src/login/http/app'
import { createService } from '../../../src/login/service'
import type { KVOperation } from '../../support/kv'
import { createSimulatedKV } from './kv'
import type { Delay } from './pattern'

const APPID = 'wx4f4bc4dec97d474b'
const APPSECRET = 'the-appsecret-of-the-simulation'
const PUSH_TOKEN = 'simulation'
export const SERVICE_KEY = 'the-service-key-of-the-simulation'

/** For JWT access tokens: a P-256 key of this simulation alone. */
const ACCESS_TOKEN_KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMZRY2Fi5c4l1PJ4aECy4cVrszdSgvAF8V1DlpZ8X4WmhRANCAAQ1AuxG3n2HMBLDQGAiEvNBwfmaEt6S+TuReR3pXFTwifRhhDgi4X5NbiIa7LWe6f5gw8gC/LmUuBBrUYCLhoDB'

/** Unix milliseconds: noon of the day before. */
const START = Date.UTC(2026, 10, 24, 12)

export interface SystemOptions {
  /** How long a location of KV may keep what it has read, in seconds. */
  readonly staleness: number
  readonly locations: number
  readonly isolatesPerLocation: number
  /** Called before everything that takes time, and waited for; by default nothing takes time. */
  readonly wait?: (delay: Delay) => Promise<void> | undefined
  readonly hooks?: Hooks
}

/** What one request, or all requests of one kind, have caused. */
export type Usage = Record<keyof typeof NOTHING, number>

/** The KV operations are those on sessions, and the calls to WeChat those for no access_token. */
const NOTHING = { requests: 0, get: 0, put: 0, delete: 0, list: 0, wechat: 0, queueMessages: 0 }

export type System = ReturnType<typeof createSystem>

/**
 * @example
 * const system = createSystem({ staleness: 60, locations: 2, isolatesPerLocation: 1 })
 * const { token } = await system.login('alice', { location: 0 })
 */
export function createSystem({
  staleness,
  locations,
  isolatesPerLocation,
  wait = () => undefined,
  hooks,
}: SystemOptions) {
  const clock = { milliseconds: START }
  const seconds = () => Math.floor(clock.milliseconds / 1000)
  const tasks: Promise<unknown>[] = []
  let usage: Usage = NOTHING

  const sandbox = createSandbox({ apps: { [APPID]: APPSECRET }, now: seconds })
  const kv = createSimulatedKV({
    now: () => clock.milliseconds,
    staleness,
    onOperation: (operation, key, isHot) => {
      if (!key.startsWith('access_token:')) usage[operation]++
      return wait(toDelay(operation, isHot))
    },
  })
  const runtime: Runtime = {
    fetch: async (request) => {
      if (!request.url.includes('/cgi-bin/stable_token')) usage.wechat++
      await wait('WeChat')
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
    ACCESS_TOKEN_KEY,
    ISSUER: 'https://login.example',
    WECHAT_PUSH_TOKEN: PUSH_TOKEN,
    EVENTS: {
      async send() {
        usage.queueMessages++
        await wait('Queue')
      },
    },
  }
  const environments = Array.from({ length: locations }, () => {
    const env = { ...bindings, SESSIONS: kv.openLocation() }
    const createIsolate = () => createHttpApp(createService(runtime, hooks ? { hooks } : {}))
    return { env, isolates: Array.from({ length: isolatesPerLocation }, createIsolate), turn: 0 }
  })

  /** Sends a request to a location, to its isolates in turn. */
  async function fetch(location: number, request: Request): Promise<Response> {
    const environment = environments[location]
    const isolate = environment?.isolates[environment.turn++ % isolatesPerLocation]
    if (!environment || !isolate) throw new RangeError(`there is no location ${location}`)
    return isolate.fetch(request, environment.env)
  }

  /** Sends a request, and measures what it causes, what follows its response included. */
  async function send(location: number, request: Request): Promise<[Response, Usage]> {
    usage = { ...NOTHING, requests: 1 }
    const response = await fetch(location, request)
    await Promise.all(tasks.splice(0))
    return [response, usage]
  }

  /** What the phone's API answers. */
  function press<Answer>(path: string, user: string, options: object = {}): Promise<Answer> {
    const body = JSON.stringify({ user, ...options })
    const request = new Request(`https://phone.example/sandbox/${path}`, { method: 'POST', body })
    return sandbox.fetch(request).then((response) => response.json<Answer>())
  }

  /** A login, instead of the session of this token if there is one. */
  async function createLogin(user: string, token: string | null): Promise<Request> {
    // WeChat gives a new session_key where the old one is stale.
    const { code } = await press<{ code: string }>('wx.login', user, { rotate: token !== null })
    return createRequest('POST', '/login', { token, body: { code } })
  }

  return {
    clock,
    kv,
    fetch,
    send,
    createLogin,
    getUserInfo: (user: string) => press<object>('wx.getUserInfo', user),
    async getPhoneNumber(user: string) {
      const { code } = await press<{ code: string }>('getPhoneNumber', user)
      return { code }
    },
    /** The request that WeChat sends for a message of a user. */
    createPush: (user: string) => {
      const event = { FromUserName: user, MsgType: 'text', Content: 'hello', MsgId: 1 }
      const options = { appid: APPID, token: PUSH_TOKEN, encodingAESKey: null }
      const url = 'https://login.example/wechat/events'
      return pushRequest(url, event, { ...options, timestamp: seconds() })
    },
    /** Logs a user in, instead of the session of this token if there is one. */
    async login(user: string, { location, token }: { location: number; token?: string | null }) {
      const [response, usage] = await send(location, await createLogin(user, token ?? null))
      if (!response.ok) throw new Error(`login failed: ${await response.text()}`)
      const answer = await response.json<{ token: string }>()
      return { token: answer.token, usage }
    },
  }
}

function toDelay(operation: KVOperation, isHot: boolean): Delay {
  if (operation === 'get') return isHot ? 'KV read, hot' : 'KV read, cold'
  return operation === 'put' ? 'KV write' : `KV ${operation}`
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
