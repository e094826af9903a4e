/**
 * The client of code2session for mini programs and mini games. It logs in on demand, so that no
 * page has to.
 *
 * One file without dependencies. It uses no global but `wx`. All functions return promises that
 * reject with a {@link Code2SessionError}.
 */

import { createAccessTokens } from './access-token'
import { type Authorization, authorize } from './authorize'
import { type CloudOptions, overCloud } from './cloud'
import { readFields } from './fields'
import { createLogin } from './login'
import {
  createOpenData,
  type OpenData,
  type PhoneDetail,
  type PhoneNumber,
  type UserInfo,
  type WeRunData,
} from './open-data'
import { type ClientOptions, requireSettings } from './options'
import { pay } from './pay'
import { createRequest, type RequestOptions } from './request'
import { sendToServer } from './send'
import type { Session } from './session-store'
import type { PaymentParameters, Wx, WxOpenData, WxRequestOptions, WxResponse } from './wx'

export { type Action, type ClientErrorCode, Code2SessionError } from './error'
export type {
  Authorization,
  ClientOptions,
  CloudOptions,
  OpenData,
  PaymentParameters,
  PhoneDetail,
  PhoneNumber,
  RequestOptions,
  Session,
  UserInfo,
  WeRunData,
  Wx,
  WxOpenData,
  WxRequestOptions,
  WxResponse,
}

/**
 * One of the user's sessions, for a list of devices.
 *
 * @example
 * ```ts
 * const others: Device[] = (await client.sessions()).filter(({ current }) => !current)
 * ```
 */
export interface Device {
  readonly id: string
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601. */
  readonly expiresAt: string
  /** The User-Agent of the login; null if there was none. */
  readonly userAgent: string | null
  /** Whether it is the session of this phone. */
  readonly current: boolean
}

/**
 * What {@link createClient} returns.
 *
 * @example
 * ```ts
 * export const client: Client = createClient({ baseUrl: 'https://login.example.com' })
 * ```
 */
export interface Client {
  /**
   * Logs in again, even if there is a session. Rarely needed, since `request` logs in on demand.
   * Calls at the same time share one login.
   */
  login(): Promise<Session>

  /**
   * Makes sure that there is a session and that its session_key is current. Call it before the user
   * can tap a phone button, because a login after the tap can come too late.
   *
   * @example
   * ```ts
   * Page({ onShow: () => client.ready() })
   * ```
   */
  ready(): Promise<Session>

  /**
   * `wx.request` as a promise, with the token if the URL is a path of the server or on one of
   * `hosts`. It logs in if there is no session, and on HTTP 401 it logs in and repeats the request
   * once. With the token it follows no redirect (base library 3.2.2 and later).
   *
   * @example
   * ```ts
   * const { data } = await client.request<{ userId: string }>({ url: '/session' })
   * console.log(data.userId)
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: as in WeChat's typings of wx.request, which people know
  request<Data = any>(options: RequestOptions): Promise<WxResponse<Data>>

  /**
   * A JWT access token for `wx.uploadFile` and `wx.connectSocket`, which `request` does not cover. It
   * is valid for a few minutes: ask for it before each use. It logs in if there is no session.
   *
   * @example
   * ```ts
   * const header = { Authorization: `Bearer ${await client.accessToken()}` }
   * wx.uploadFile({ url: 'https://api.example.com/photos', filePath, name: 'photo', header })
   * ```
   */
  accessToken(): Promise<string>

  /** `wx.getUserInfo`, verified and decrypted by the server. */
  userInfo(): Promise<OpenData<UserInfo>>

  /**
   * `wx.getWeRunData`, decrypted by the server. It needs the scope `scope.werun`.
   *
   * @example
   * ```ts
   * const { data } = await client.weRun()
   * console.log(data.stepInfoList.length)
   * ```
   */
  weRun(): Promise<OpenData<WeRunData>>

  /**
   * Any other encrypted data. The client calls `fetchData` again if the data was encrypted with an
   * old session_key.
   *
   * @example
   * ```ts
   * const getShareInfo = () => wx.getShareInfo({ shareTicket })
   * const { data } = await client.openData<{ openGId: string }>(getShareInfo)
   * ```
   */
  openData<Data = Record<string, unknown>>(
    fetchData: () => Promise<WxOpenData>,
  ): Promise<OpenData<Data>>

  /**
   * The phone number, from `e.detail` of `<button open-type="getPhoneNumber">`. Rejects with
   * `tap_required` if the user has to tap again.
   *
   * @example
   * ```ts
   * const { phoneNumber } = await client.phoneNumber(e.detail)
   * ```
   */
  phoneNumber(detail: PhoneDetail): Promise<PhoneNumber>

  /**
   * Asks the user for a scope. Call it from a tap, or the settings cannot be opened. Rejects if
   * WeChat did not ask the user, for example because the privacy guideline lacks the scope.
   *
   * @example
   * ```ts
   * if ((await client.authorize('scope.werun')) === 'granted') await client.weRun()
   * ```
   */
  authorize(scope: string): Promise<Authorization>

  /**
   * `wx.requestPayment`, with the parameters that the payments Worker has given your backend. Resolves
   * to `cancelled` if the user closed the payment.
   *
   * Neither result is a proof: WeChat calls some failed payments cancelled, too. Ask your backend
   * after both, and let it query the order.
   *
   * Rejects with `parameters_invalid` without calling `wx`, or with `wx_failed`, whose `message` says
   * what to do.
   *
   * @example
   * ```ts
   * const { data } = await client.request({ url: `${shop}/orders`, method: 'POST' })
   * await client.pay(data.parameters)
   * const order = await client.request({ url: `${shop}/orders/${data.outTradeNo}` })
   * ```
   */
  pay(parameters: PaymentParameters): Promise<'ok' | 'cancelled'>

  /** All of the user's sessions. */
  sessions(): Promise<Device[]>

  /** Ends one of the user's sessions by its id. */
  endSession(id: string): Promise<void>

  /** Ends this session. If the server cannot be reached, it rejects, and the phone forgets it. */
  logout(): Promise<void>

  /** Ends all of the user's sessions. */
  logoutEverywhere(): Promise<void>
}

declare const wx: Wx | undefined

/**
 * Creates a client. Create one for the whole mini program. It works in mini games as well, and not
 * in plugins, which have no `wx.login`.
 *
 * @throws {Error} if `baseUrl`, `cloud` or one of `hosts` is missing or malformed, or if there is no `wx`.
 *
 * @example
 * ```ts
 * import { createClient } from 'code2session/client'
 *
 * const client = createClient({ baseUrl: 'https://login.example.com' })
 * const { data } = await client.request({ url: '/session' })
 * console.log(data.userId)
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const settings = requireSettings(options)
  const wxApi = overCloud(requireWx(settings), settings.cloud)
  const login = createLogin(wxApi, settings)
  const accessTokens = createAccessTokens(wxApi, settings, login)
  const { request, call } = createRequest(wxApi, settings, login, accessTokens)

  /** The phone forgets the session first, so it is logged out even if the server is out of reach. */
  async function logout(): Promise<void> {
    const session = await login.logOut()
    if (!session) return
    const options = { url: `${settings.baseUrl}/session`, method: 'DELETE' } as const
    try {
      await sendToServer(wxApi, options, session.token)
    } catch (error) {
      // 401: the session had already ended.
      if (readFields(error).statusCode !== 401) throw error
    }
  }

  return {
    login: login.login,
    // Only the caller knows what another host answers.
    request: request as Client['request'],
    // Since it may log in, it finds one or rejects.
    accessToken: () => accessTokens.token(true) as Promise<string>,
    ...createOpenData(wxApi, login, call),
    authorize: (scope) => authorize(wxApi, scope),
    pay: (parameters) => pay(wxApi, parameters),
    sessions: async () => (await call<{ sessions: Device[] }>('GET', '/sessions')).sessions,
    endSession: async (id) => {
      await call('DELETE', `/sessions/${encodeURIComponent(id)}`)
    },
    logout,
    logoutEverywhere: async () => {
      await call('DELETE', '/sessions')
      await login.logOut()
    },
  }
}

function requireWx(options: { readonly wx?: Wx }): Wx {
  if (options.wx) return options.wx
  if (typeof wx === 'undefined') {
    throw new Error('There is no wx here. Pass one to createClient: createClient({ baseUrl, wx })')
  }
  return wx
}
