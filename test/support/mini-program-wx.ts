/** `wx` on alice's phone: what WeChat gives is from the sandbox, and requests go over HTTP. */

import { APPID } from './environment'

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

type Answer = (result: { event: string; buttonId?: string }) => void

interface WxOptions {
  readonly hasAgreed?: boolean
  /** The AppID that the project was opened under; the sandbox's own, if left out. */
  readonly appid?: string
}

export function createWx(sandbox: URL, options: WxOptions = {}) {
  const storage = new Map<string, unknown>()
  const state = {
    logins: 0,
    hasAgreed: options.hasAgreed ?? true,
    /** wx.getSetting, as far as the user has decided. */
    authSetting: {} as Record<string, boolean>,
    /** What the user says when asked for a scope. */
    allows: true,
    isOffline: false,
    requests: [] as string[],
    toasts: [] as string[],
  }
  let listener: ((resolve: Answer) => void) | undefined

  async function press(name: string, body: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(new URL(`/sandbox/${name}`, sandbox), {
      method: 'POST',
      body: JSON.stringify(body),
    })
    return response.status === 204 ? {} : ((await response.json()) as Record<string, unknown>)
  }

  /** Whatever is personal waits for the privacy agreement. */
  async function privately<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    if (!state.hasAgreed) {
      if (!listener) throw new Error('nobody listens to wx.onNeedPrivacyAuthorization')
      const ask = listener
      const { event } = await new Promise<{ event: string }>((resolve) =>
        ask((answer) => {
          if (answer.event !== 'exposureAuthorization') resolve(answer)
        }),
      )
      if (event !== 'agree')
        throw { errMsg: `${name}:fail privacy permission is not authorized`, errno: 104 }
      state.hasAgreed = true
    }
    return run()
  }

  function give(callbacks: Callbacks, run: () => Promise<unknown>): void {
    run().then(callbacks.success, callbacks.fail)
  }

  async function request({ url, method = 'GET', data, header }: RequestOptions) {
    state.requests.push(`${method} ${new URL(url).pathname}`)
    if (state.isOffline) throw { errMsg: 'request:fail', errno: 600001 }
    const response = await fetch(url, {
      method,
      headers: {
        // WeChat's own, which no mini program can set.
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
      give(callbacks, () => press('wx.login'))
    },
    checkSession: (callbacks: Callbacks) => give(callbacks, async () => ({})),
    request: (options: RequestOptions) => give(options, () => request(options)),
    getWeRunData: (callbacks: Callbacks) =>
      give(callbacks, () => privately('getWeRunData', () => press('wx.getWeRunData'))),
    getSetting: (callbacks: Callbacks) =>
      give(callbacks, async () => ({ authSetting: state.authSetting })),
    authorize: ({ scope, ...callbacks }: Callbacks & { scope: string }) =>
      give(callbacks, () =>
        privately('authorize', async () => {
          state.authSetting[scope] = state.allows
          if (!state.allows) throw { errMsg: 'authorize:fail auth deny' }
        }),
      ),
    openSetting: (callbacks: Callbacks) =>
      give(callbacks, async () => {
        throw { errMsg: 'openSetting:fail can only be invoked by user TAP gesture.' }
      }),
    getStorageSync: (key: string) => storage.get(key) ?? '',
    setStorageSync: (key: string, value: unknown) => void storage.set(key, value),
    removeStorageSync: (key: string) => void storage.delete(key),
    onNeedPrivacyAuthorization: (listen: (resolve: Answer) => void) => {
      listener = listen
    },
    requirePrivacyAuthorize: (callbacks: Callbacks) =>
      give(callbacks, () => privately('requirePrivacyAuthorize', async () => ({}))),
    openPrivacyContract: ({ fail }: Callbacks) => fail?.({ errMsg: 'openPrivacyContract:fail' }),
    showToast: ({ title }: { title: string }) => void state.toasts.push(title),
  }

  return {
    wx,
    state,
    press,
    /** What the phone button gives a page as `e.detail`. */
    getPhoneNumber: () =>
      privately('getPhoneNumber', () => press('getPhoneNumber')).catch(
        (failure: Failure) => failure,
      ),
  }
}
