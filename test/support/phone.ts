/** A `wx` whose phone is the sandbox's and whose network ends at the real app. */

import type { Wx, WxOpenData, WxRequestOptions, WxResponse } from '../../src/client'
import { createWorld, type World } from './app'

export const BASE_URL = 'https://login.example'

type Callbacks<Result> = {
  success?: (result: Result) => void
  fail?: (failure: { errMsg: string; errno?: number }) => void
}

export interface Phone {
  readonly world: World
  readonly wx: Required<Wx>
  /** How often `wx.login` was called. */
  logins: number
  /** Every request, in order. */
  readonly requests: WxRequestOptions[]
  readonly storage: Map<string, unknown>
  /** What the phone refuses: the function's name, and what it says. */
  readonly failing: Map<string, { errMsg: string; errno?: number }>
  /** What a request of this URL gets instead of the app's answer. */
  readonly answers: Map<string, (request: WxRequestOptions) => WxResponse>
  /** wx.checkSession: whether the phone takes its key for the current one. */
  keyIsCurrent: boolean
  readonly authSetting: Record<string, boolean>
}

/** The phone of alice. */
export function createPhone(world: World = createWorld()): Phone {
  const phone: Phone = {
    world,
    wx: {
      login: (options) => {
        phone.logins++
        give(options, 'login', () => world.phone<{ code: string }>('wx.login'))
      },
      checkSession: (options) =>
        give(options, 'checkSession', async () => {
          if (!phone.keyIsCurrent) throw { errMsg: 'checkSession:fail session expired' }
        }),
      request: (options) => {
        phone.requests.push(options)
        give(options, 'request', () => answer(options))
      },
      getUserInfo: (options) =>
        give(options, 'getUserInfo', () => world.phone<WxOpenData>('wx.getUserInfo')),
      getWeRunData: (options) =>
        give(options, 'getWeRunData', () => world.phone<WxOpenData>('wx.getWeRunData')),
      getSetting: (options) =>
        give(options, 'getSetting', async () => ({ authSetting: phone.authSetting })),
      authorize: (options) => give(options, 'authorize', async () => ({})),
      openSetting: (options) =>
        give(options, 'openSetting', async () => ({ authSetting: phone.authSetting })),
      getStorageSync: (key) => stored('getStorageSync', () => phone.storage.get(key) ?? ''),
      setStorageSync: (key, value) =>
        stored('setStorageSync', () => void phone.storage.set(key, value)),
      removeStorageSync: (key) => stored('removeStorageSync', () => void phone.storage.delete(key)),
    },
    logins: 0,
    requests: [],
    storage: new Map(),
    failing: new Map(),
    answers: new Map(),
    keyIsCurrent: true,
    authSetting: {},
  }

  function give<Result>(options: Callbacks<Result>, name: string, run: () => Promise<Result>) {
    const failure = phone.failing.get(name)
    const result = failure ? Promise.reject(failure) : run()
    result.then(options.success, options.fail)
  }

  function stored<Value>(name: string, run: () => Value): Value {
    if (phone.failing.has(name)) throw new Error(`${name}:fail`)
    return run()
  }

  async function answer(options: WxRequestOptions): Promise<WxResponse> {
    const { url, method = 'GET', data, header = {} } = options
    const ready = phone.answers.get(url)
    if (ready) return ready(options)
    if (!url.startsWith(BASE_URL)) return { statusCode: 200, data: { host: url }, header: {} }
    const response = await world.receive(
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

  return phone
}
