/**
 * A phone, Alice's at first: a `wx` whose WeChat is the sandbox and whose requests go to the real app. Whatever is
 * known at once is called back before the function of `wx` returns.
 */

import type { Session, Wx, WxOpenData, WxRequestOptions, WxResponse } from '../../src/client'
import { createTestApp } from './app'

export const BASE_URL = 'https://login.example'

interface Failure {
  errMsg: string
  errno?: number
}

interface Callbacks<Result> {
  success?: (result: Result) => void
  fail?: (failure: Failure) => void
}

/** The options of `wx.cloud.callContainer`. */
interface ContainerOptions extends Omit<WxRequestOptions, 'url'>, Callbacks<WxResponse> {
  readonly path: string
  readonly config: object
}

export type Phone = ReturnType<typeof createPhone>

export function createPhone() {
  const app = createTestApp()
  const state = {
    /** Whose phone it is. */
    user: 'alice',
    /** How often `wx.login` was called. */
    logins: 0,
    /** Every request, in order. */
    requests: [] as WxRequestOptions[],
    /** What `wx.cloud.init` was called with, in order. */
    inits: [] as object[],
    /** What `wx.cloud.callContainer` was called with, in order. */
    containerCalls: [] as ContainerOptions[],
    /** What `wx.requestPayment` was called with, in order. */
    payments: [] as object[],
    /** What `wx` storage holds. */
    storage: new Map<string, unknown>(),
    /** The functions of `wx` that fail, and what they say. */
    failing: new Map<string, Failure>(),
    /** The URLs that the app does not answer, and what they answer. */
    answers: new Map<string, (request: WxRequestOptions) => WxResponse | Promise<WxResponse>>(),
    /** Whether `wx.checkSession` succeeds. */
    keyIsCurrent: true,
    /** What `wx.getSetting` says. */
    authSetting: {} as Record<string, boolean>,
  }

  const wx: Required<Wx> = {
    login: (options) => {
      state.logins++
      callBack(options, 'login', () => press<{ code: string }>('wx.login', { user: state.user }))
    },
    checkSession: (options) =>
      callBack(options, 'checkSession', () => {
        if (!state.keyIsCurrent) throw { errMsg: 'checkSession:fail session expired' }
      }),
    request: (options) => {
      state.requests.push(options)
      callBack(options, 'request', () => answer(options))
    },
    cloud: {
      init: (options) => void state.inits.push(options),
      callContainer: (options) => {
        const { path, ...rest } = options as ContainerOptions
        state.containerCalls.push(options as ContainerOptions)
        callBack(rest, 'callContainer', () => answer({ ...rest, url: BASE_URL + path }))
      },
    },
    getUserInfo: (options) =>
      callBack(options, 'getUserInfo', async () => {
        const data = await press<WxOpenData>('wx.getUserInfo')
        return options.withCredentials ? data : { ...data, encryptedData: '', iv: '' }
      }),
    getWeRunData: (options) =>
      callBack(options, 'getWeRunData', () => press<WxOpenData>('wx.getWeRunData')),
    getSetting: (options) =>
      callBack(options, 'getSetting', () => ({ authSetting: state.authSetting })),
    authorize: (options) => callBack(options, 'authorize', () => ({})),
    openSetting: (options) =>
      callBack(options, 'openSetting', () => ({ authSetting: state.authSetting })),
    requestPayment: (options) => {
      state.payments.push(options)
      callBack(options, 'requestPayment', () => ({ errMsg: 'requestPayment:ok' }))
    },
    getStorageSync: (key) =>
      runSync('getStorageSync', () => structuredClone(state.storage.get(key) ?? '')),
    setStorageSync: (key, value) =>
      runSync('setStorageSync', () => {
        // wx keeps what JSON keeps.
        state.storage.set(key, JSON.parse(JSON.stringify(value)))
      }),
    removeStorageSync: (key) => runSync('removeStorageSync', () => void state.storage.delete(key)),
  }

  /** Uses the sandbox's phone, e.g. `wx.login`; the user is `alice` unless the body names another. */
  function press<Result = null>(name: string, body: object = {}): Promise<Result> {
    return app.press<Result>(name, body)
  }

  function callBack<Result>(
    { success, fail }: Callbacks<Result>,
    name: string,
    run: () => Result | Promise<Result>,
  ): void {
    const failure = state.failing.get(name)
    try {
      if (failure) throw failure
      const result = run()
      if (result instanceof Promise) result.then(success, fail)
      else success?.(result)
    } catch (error) {
      fail?.(error as Failure)
    }
  }

  function runSync<Value>(name: string, run: () => Value): Value {
    if (state.failing.has(name)) throw new Error(`${name}:fail`)
    return run()
  }

  function answer(options: WxRequestOptions): WxResponse | Promise<WxResponse> {
    const prepared = state.answers.get(options.url)
    if (prepared) return prepared(options)
    if (options.url.startsWith(BASE_URL)) return ask(options)
    return { statusCode: 200, data: { host: options.url }, header: {} }
  }

  async function ask({ url, method = 'GET', data, header = {} }: WxRequestOptions) {
    const response = await app.receive(
      new Request(url, {
        method,
        headers: { 'Content-Type': 'application/json', ...header },
        ...(data !== undefined && { body: JSON.stringify(data) }),
      }),
    )
    const text = await response.text()
    return {
      statusCode: response.status,
      data: parseData(text),
      header: Object.fromEntries(response.headers),
    }
  }

  return Object.assign(state, {
    wx,
    press,
    /** What the app answers. */
    ask,
    /** The status of `GET /session` with a token. */
    fetchStatus: async (token: string) => (await app.send('GET', '/session', { token })).status,
    /** Ends the stored session on the server, unnoticed by the client. */
    endStoredSession: async () => {
      const { token } = state.storage.get('code2session') as Session
      await app.send('DELETE', '/session', { token })
    },
    /** Logs Alice in on another phone. */
    logInElsewhere: () => app.login(),
    /** Makes reads of the session store fail, or work again. */
    breakStore: (isBroken: boolean) => {
      if (isBroken) app.kv.down.add('get')
      else app.kv.down.clear()
    },
  })
}

/** As `wx.request` does: what is no JSON stays a text. */
function parseData(text: string): string | object {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
