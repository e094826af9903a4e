/** What a client is made from. */

import type { Wx, WxResponse } from './wx'

export interface ClientOptions {
  /** Where the server is: `https://login.example.com`, or with the path it is mounted under. */
  readonly baseUrl: string
  /** By default the mini program's own. */
  readonly wx?: Wx
  /** Further origins that may get the token, such as `https://api.example.com`. */
  readonly hosts?: readonly string[]
  /** For a server with several mini programs, where the Referer does not tell. */
  readonly appid?: string
  /** Under which the session is in `wx` storage; `code2session` by default. */
  readonly storageKey?: string
  /** Whether an answer means "log in", besides HTTP 401: for backends that say so with status 200. */
  readonly loginWhen?: (response: WxResponse) => boolean
  /** How long `wx.login` may take, in milliseconds; 10,000 by default. */
  readonly loginTimeout?: number
}
