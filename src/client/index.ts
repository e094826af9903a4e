/**
 * code2session's client for mini programs: it logs in when it has to, and nobody else does.
 *
 * One file, no dependency, no globals but `wx`. All functions return promises that reject with a
 * {@link Code2SessionError}.
 */

import { type Authorization, authorize } from './authorize'
import { createLogin, type Session } from './login'
import { createOpenData, type OpenData, type PhoneDetail, type PhoneNumber } from './open-data'
import type { ClientOptions } from './options'
import { createRequest, type RequestOptions } from './request'
import { failureOf, send } from './send'
import type { Wx, WxOpenData, WxResponse } from './wx'

export { type Action, type ClientErrorCode, Code2SessionError } from './error'
export type { ClientOptions } from './options'
export type { WxOpenData, WxRequestOptions, WxResponse } from './wx'
export type { Authorization, OpenData, PhoneDetail, PhoneNumber, RequestOptions, Session, Wx }

/** One of the user's sessions, as a list of devices shows it. Times are ISO 8601. */
export interface Device {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly userAgent: string | null
  readonly current: boolean
}

export interface Client {
  /** Logs in anew. Calls at the same time share one login. */
  login(): Promise<Session>
  /** A session whose key is current: call it before a page shows a phone button. */
  ready(): Promise<Session>
  /** `wx.request` as a promise, with the token: a path of the server, or a URL of `hosts`. */
  request<Data = unknown>(options: RequestOptions): Promise<WxResponse & { readonly data: Data }>
  /** `wx.getUserInfo`, verified and decrypted. */
  userInfo(): Promise<OpenData>
  /** `wx.getWeRunData`, decrypted. */
  weRun(): Promise<OpenData>
  /** Any encrypted data: from a function that asks `wx` for it, so that it can be asked again. */
  openData(fetchData: () => Promise<WxOpenData>): Promise<OpenData>
  /** The number behind the phone button, from its `e.detail`. */
  phoneNumber(detail: PhoneDetail): Promise<PhoneNumber>
  /** Asks for a scope, named as WeChat does: `scope.werun`. From a tap, or settings cannot open. */
  authorize(scope: string): Promise<Authorization>
  /** All of the user's sessions. */
  sessions(): Promise<Device[]>
  /** Ends one session by its id. */
  endSession(id: string): Promise<void>
  /** Ends this session. */
  logout(): Promise<void>
  /** Ends all of the user's sessions. */
  logoutEverywhere(): Promise<void>
}

declare const wx: Wx | undefined

/** Makes the client. Make one for the whole mini program. */
export function createClient(options: ClientOptions): Client {
  const wxApi = wxOf(options)
  const settings = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') }
  const login = createLogin(wxApi, settings)
  const { request, call } = createRequest(wxApi, settings, login)
  const openData = createOpenData(wxApi, login, call)

  /** The session is over for this phone, whatever becomes of the request. */
  async function logout(): Promise<void> {
    const session = await login.logOut()
    if (!session) return
    const header = { Authorization: `Bearer ${session.token}` }
    const response = await send(wxApi, {
      url: `${settings.baseUrl}/session`,
      method: 'DELETE',
      header,
    })
    const failure = failureOf(response)
    // 401: it had ended before.
    if (failure && response.statusCode !== 401) throw failure
  }

  return {
    login: login.login,
    request: request as Client['request'],
    ...openData,
    authorize: (scope) => authorize(wxApi, scope),
    sessions: async () => Object(await call('GET', '/sessions')).sessions as Device[],
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

function wxOf(options: ClientOptions): Wx {
  if (options.wx) return options.wx
  if (typeof wx === 'undefined') throw new Error('There is no wx here: pass one to createClient')
  return wx
}
