/** `wx` on alice's phone: WeChat's data comes from the sandbox, and requests go over HTTP. */

import { APPID, pressOnPhone } from './environment'

interface Failure {
  readonly errMsg: string
  readonly errno?: number
}

interface Callbacks {
  success?: (result: unknown) => void
  fail?: (failure: Failure) => void
}

interface RequestOptions extends Callbacks {
  readonly url: string
  readonly method?: string
  readonly data?: object
  readonly header?: Record<string, string>
}

interface PaymentOptions extends Callbacks {
  complete?: (result: unknown) => void
  readonly [parameter: string]: unknown
}

type Decide = (result: { event: string; buttonId?: string }) => void

export interface WxOptions {
  readonly hasAgreed?: boolean
  /** The AppID under which the project was opened; by default the sandbox's. */
  readonly appid?: string
}

export type Phone = ReturnType<typeof createWx>

export function createWx(sandbox: URL, options: WxOptions = {}) {
  const storage = new Map<string, unknown>()
  const state = {
    logins: 0,
    /** What wx.requestPayment was called with, in order. */
    payments: [] as object[],
    hasAgreed: options.hasAgreed ?? true,
    /** The result of wx.getSetting: the scopes that the user has decided on. */
    authSetting: {} as Record<string, boolean>,
    /** Whether the user grants the scopes that wx.authorize asks for. */
    grantsScopes: true,
    /** How wx.requestPayment fails; undefined if the user pays. */
    paymentFailure: undefined as Failure | undefined,
    isOffline: false,
    requests: [] as string[],
    toasts: [] as string[],
  }
  let listener: ((resolve: Decide) => void) | undefined

  const press = (name: string, body?: object) => pressOnPhone(sandbox, name, body)

  /** Personal data is given after the user has agreed to the privacy guideline. */
  async function afterAgreement<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    if (!state.hasAgreed) {
      if (!listener) throw new Error('wx.onNeedPrivacyAuthorization has no listener')
      const ask = listener
      const { event } = await new Promise<{ event: string }>((resolve) =>
        ask((decision) => {
          if (decision.event !== 'exposureAuthorization') resolve(decision)
        }),
      )
      if (event !== 'agree')
        throw { errMsg: `${name}:fail privacy permission is not authorized`, errno: 104 }
      state.hasAgreed = true
    }
    return run()
  }

  function settle(callbacks: Callbacks, run: () => Promise<unknown>): void {
    run().then(callbacks.success, callbacks.fail)
  }

  async function request({ url, method = 'GET', data, header }: RequestOptions) {
    state.requests.push(`${method} ${new URL(url).pathname}`)
    if (state.isOffline) throw { errMsg: 'request:fail', errno: 600001 }
    const response = await fetch(url, {
      method,
      headers: {
        // WeChat sets it. A mini program cannot.
        Referer: `https://servicewechat.com/${options.appid ?? APPID}/devtools/page-frame.html`,
        'Content-Type': 'application/json',
        'User-Agent': 'Mozilla/5.0 (iPhone) MicroMessenger',
        ...header,
      },
      ...(data && { body: JSON.stringify(data) }),
    })
    const text = await response.text()
    return {
      statusCode: response.status,
      data: text && JSON.parse(text),
      header: Object.fromEntries(response.headers),
    }
  }

  const wx = {
    login: (callbacks: Callbacks) => {
      state.logins++
      settle(callbacks, () => press('wx.login'))
    },
    checkSession: (callbacks: Callbacks) => settle(callbacks, async () => ({})),
    request: (options: RequestOptions) => settle(options, () => request(options)),
    getWeRunData: (callbacks: Callbacks) =>
      settle(callbacks, () => afterAgreement('getWeRunData', () => press('wx.getWeRunData'))),
    getSetting: (callbacks: Callbacks) =>
      settle(callbacks, async () => ({ authSetting: state.authSetting })),
    authorize: ({ scope, ...callbacks }: Callbacks & { scope: string }) =>
      settle(callbacks, () =>
        afterAgreement('authorize', async () => {
          state.authSetting[scope] = state.grantsScopes
          if (!state.grantsScopes) throw { errMsg: 'authorize:fail auth deny' }
        }),
      ),
    openSetting: (callbacks: Callbacks) =>
      settle(callbacks, async () => {
        throw { errMsg: 'openSetting:fail can only be invoked by user TAP gesture.' }
      }),
    requestPayment: (options: PaymentOptions) =>
      settle(options, async () => {
        const { success, fail, complete, ...parameters } = options
        state.payments.push(parameters)
        if (state.paymentFailure) throw state.paymentFailure
        return { errMsg: 'requestPayment:ok' }
      }),
    getStorageSync: (key: string) => storage.get(key) ?? '',
    // wx keeps what JSON keeps.
    setStorageSync: (key: string, value: unknown) =>
      void storage.set(key, JSON.parse(JSON.stringify(value))),
    removeStorageSync: (key: string) => void storage.delete(key),
    onNeedPrivacyAuthorization: (listen: (resolve: Decide) => void) => {
      listener = listen
    },
    requirePrivacyAuthorize: (callbacks: Callbacks) =>
      settle(callbacks, () => afterAgreement('requirePrivacyAuthorize', async () => ({}))),
    openPrivacyContract: ({ fail }: Callbacks) => fail?.({ errMsg: 'openPrivacyContract:fail' }),
    showToast: ({ title }: { title: string }) => void state.toasts.push(title),
  }

  return {
    wx,
    state,
    press,
    /** The token of the session that the client has stored. */
    storedToken: () => (storage.get('code2session') as { token: string }).token,
    /** What the phone button gives a page as `e.detail`. */
    getPhoneNumber: () =>
      afterAgreement('getPhoneNumber', () => press('getPhoneNumber')).catch(
        (failure: Failure) => failure,
      ),
  }
}
