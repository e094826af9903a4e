/** Alice's phone: a `wx` whose WeChat is the sandbox and whose requests go to the real app. */

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
    answers: new Map<string, (request: WxRequestOptions) => WxResponse>(),
    /** Whether `wx.checkSession` succeeds. */
    keyIsCurrent: true,
    /** What `wx.getSetting` says. */
    authSetting: {} as Record<string, boolean>,
  }

  const wx: Required<Wx> = {
    login: (options) => {
      state.logins++
      callBack(options, 'login', () => press<{ code: string }>('wx.login'))
    },
    checkSession: (options) =>
      callBack(options, 'checkSession', async () => {
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
      callBack(options, 'getUserInfo', () => press<WxOpenData>('wx.getUserInfo')),
    getWeRunData: (options) =>
      callBack(options, 'getWeRunData', () => press<WxOpenData>('wx.getWeRunData')),
    getSetting: (options) =>
      callBack(options, 'getSetting', async () => ({ authSetting: state.authSetting })),
    authorize: (options) => callBack(options, 'authorize', async () => ({})),
    openSetting: (options) =>
      callBack(options, 'openSetting', async () => ({ authSetting: state.authSetting })),
    requestPayment: (options) => {
      state.payments.push(options)
      callBack(options, 'requestPayment', async () => ({ errMsg: 'requestPayment:ok' }))
    },
    getStorageSync: (key) => runSync('getStorageSync', () => state.storage.get(key) ?? ''),
    setStorageSync: (key, value) =>
      runSync('setStorageSync', () => void state.storage.set(key, value)),
    removeStorageSync: (key) => runSync('removeStorageSync', () => void state.storage.delete(key)),
  }

  /** Uses the sandbox's phone, e.g. `wx.login`; the user is `alice` unless the body names another. */
  function press<Result = null>(name: string, body: object = {}): Promise<Result> {
    return app.press<Result>(name, body)
  }

  function callBack<Result>(options: Callbacks<Result>, name: string, run: () => Promise<Result>) {
    const failure = state.failing.get(name)
    const result = failure ? Promise.reject(failure) : run()
    result.then(options.success, options.fail)
  }

  function runSync<Value>(name: string, run: () => Value): Value {
    if (state.failing.has(name)) throw new Error(`${name}:fail`)
    return run()
  }

  async function answer(options: WxRequestOptions): Promise<WxResponse> {
    const { url, method = 'GET', data, header = {} } = options
    const prepared = state.answers.get(url)
    if (prepared) return prepared(options)
    if (!url.startsWith(BASE_URL)) return { statusCode: 200, data: { host: url }, header: {} }
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
      data: text === '' ? '' : JSON.parse(text),
      header: Object.fromEntries(response.headers),
    }
  }

  return Object.assign(state, {
    wx,
    press,
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
