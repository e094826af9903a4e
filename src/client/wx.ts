/**
 * The part of `wx` that the client uses. Anything of this shape will do: the `wx` of WeChat, of a
 * mini game, of Taro or uni-app, or of a test.
 */

import { readFields } from './fields'

interface Failure {
  readonly errMsg: string
  readonly errno?: number
}

interface Callbacks<Result> {
  success?: (result: Result) => void
  fail?: (failure: Failure) => void
}

/**
 * The answer to a request. Like `wx.request`, the client takes any HTTP status for an answer.
 *
 * @example
 * ```ts
 * const answer: WxResponse<{ orders: string[] }> = await client.request({ url })
 * ```
 */
export interface WxResponse<Data = unknown> {
  readonly statusCode: number
  readonly data: Data
  readonly header: Record<string, string>
}

/**
 * The options of `wx.request`.
 *
 * @example
 * ```ts
 * const options: WxRequestOptions = { url: '/session', method: 'GET', timeout: 5000 }
 * ```
 */
export interface WxRequestOptions {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'CONNECT'
  readonly data?: string | object | ArrayBuffer
  readonly header?: Record<string, string>
  /** In milliseconds. */
  readonly timeout?: number
  /** Any other option of `wx.request`. */
  readonly [option: string]: unknown
}

/**
 * Encrypted open data, as `wx.getUserInfo` and similar functions give it.
 *
 * @example
 * ```ts
 * const getShareInfo = (): Promise<WxOpenData> => wx.getShareInfo({ shareTicket })
 * ```
 */
export interface WxOpenData {
  readonly encryptedData: string
  readonly iv: string
  readonly rawData?: string
  readonly signature?: string
}

/** What the user has allowed or denied so far, by scope. */
export interface AuthSetting {
  readonly authSetting: object
}

/**
 * The argument of `wx.requestPayment`: what the payments Worker answers to `POST /payments`, which
 * your backend calls.
 *
 * @example
 * ```ts
 * const { data } = await client.request<{ parameters: PaymentParameters }>(order)
 * const outcome = await client.pay(data.parameters)
 * ```
 */
export interface PaymentParameters {
  /** Unix seconds, as a string. */
  readonly timeStamp: string
  readonly nonceStr: string
  /** `prepay_id=…` */
  readonly package: string
  readonly signType: 'RSA'
  readonly paySign: string
}

/**
 * The functions of `wx` that the client calls. The optional ones are needed only for the client
 * functions that call them.
 *
 * @example
 * ```ts
 * import Taro from '@tarojs/taro'
 * export const client = createClient({ baseUrl, wx: Taro })
 * ```
 */
export interface Wx {
  login(options: Callbacks<{ code: string }>): void
  checkSession(options: Callbacks<unknown>): void
  request(options: WxRequestOptions & Callbacks<WxResponse>): unknown
  getStorageSync(key: string): unknown
  setStorageSync(key: string, value: unknown): void
  removeStorageSync(key: string): void
  getUserInfo?(options: { withCredentials: boolean } & Callbacks<WxOpenData>): void
  getWeRunData?(options: Callbacks<WxOpenData>): void
  getSetting?(options: Callbacks<AuthSetting>): void
  authorize?(options: { scope: string } & Callbacks<unknown>): void
  openSetting?(options: Callbacks<AuthSetting>): void
  requestPayment?(options: PaymentParameters & Callbacks<unknown>): void
  /** For a server in WeChat Cloud Hosting. */
  readonly cloud?: {
    init(options: object): unknown
    callContainer(options: object): unknown
  }
}

/** The functions of `wx` that call back. */
type WxFunction = Exclude<keyof Wx, `${string}Sync` | 'cloud'>

/**
 * Calls a function of `wx` and returns its result as a promise. The function may fail by calling
 * `fail`, by throwing, by returning a promise that rejects, or by not existing, as in mini games.
 *
 * @param onReturn gets what the function returned, and may resolve the promise before `success`.
 */
export function callWx<Result>(
  wx: Wx,
  name: WxFunction,
  options: object,
  toError: (failure: unknown) => Error,
  onReturn?: (returned: unknown, resolve: (result: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const fail = (failure: unknown) => reject(toError(failure))
    try {
      const call: unknown = wx[name]
      if (!isFunction(call)) throw new Error(`${name}:fail wx.${name} does not exist here`)
      const returned = call.call(wx, { ...options, success: resolve, fail })
      if (onReturn) onReturn(returned, resolve)
      // Taro's functions return a promise as well, so handle its rejection.
      if (isPromise<Result>(returned)) returned.then(resolve, fail)
    } catch (error) {
      fail(error)
    }
  })
}

function isFunction(value: unknown): value is (options: object) => unknown {
  return typeof value === 'function'
}

function isPromise<Result>(value: unknown): value is PromiseLike<Result> {
  return isFunction(readFields(value).then)
}

/** Rejects with `toError()` if a promise has not settled after so many milliseconds. */
export function withTimeout<Result>(
  milliseconds: number,
  promise: Promise<Result>,
  toError: () => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(toError()), milliseconds)
    const clear = () => clearTimeout(timer)
    promise.then(clear, clear)
    promise.then(resolve, reject)
  })
}
