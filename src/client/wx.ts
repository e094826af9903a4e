/**
 * The part of `wx` that the client uses, so that anything shaped like it will do: WeChat's own,
 * Taro's, uni-app's, or a test's.
 */

interface Failure {
  readonly errMsg: string
  readonly errno?: number
}

interface Callbacks<Result> {
  success?: (result: Result) => void
  fail?: (failure: Failure) => void
}

/** What `wx.request` calls back with; any HTTP status counts as success. */
export interface WxResponse {
  readonly statusCode: number
  readonly data: unknown
  readonly header: Record<string, string>
}

export interface WxRequestOptions {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'CONNECT'
  readonly data?: string | object | ArrayBuffer
  readonly header?: Record<string, string>
  /** In milliseconds. */
  readonly timeout?: number
  /** And whatever else `wx.request` takes. */
  readonly [option: string]: unknown
}

/** Open data as `wx.getUserInfo` and its like give it. */
export interface WxOpenData {
  readonly encryptedData: string
  readonly iv: string
  readonly rawData?: string
  readonly signature?: string
}

/** What the user has allowed so far, by scope. */
export interface AuthSetting {
  readonly authSetting: object
}

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
}

/**
 * Calls a `wx` function with callbacks and gives its result as a promise. Whatever way it has of
 * failing, it fails once.
 */
export function promised<Result>(
  call: (callbacks: Required<Callbacks<Result>>) => unknown,
  failed: (failure: unknown) => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const fail = (failure: unknown) => reject(failed(failure))
    try {
      const returned = call({ success: resolve, fail }) as PromiseLike<Result> | undefined
      // Taro's functions return a promise, too, and somebody has to hear it reject.
      if (returned && typeof returned.then === 'function') returned.then(resolve, fail)
    } catch (error) {
      fail(error)
    }
  })
}

/** A result that must not be waited for longer than this, in milliseconds. */
export function within<Result>(
  milliseconds: number,
  result: Promise<Result>,
  late: () => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds)
    const settled = () => clearTimeout(timer)
    result.then(settled, settled)
    result.then(resolve, reject)
  })
}
