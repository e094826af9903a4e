/** The error that every function of the client rejects with. */

import type { Action } from '../core/error-row'
import { readFields } from './fields'
import { parseOrigin } from './origin'

export type { Action }

/**
 * The codes of failures that happen on the phone. Every other code is the server's.
 *
 * @example
 * ```ts
 * const isOffline = (error: Code2SessionError) =>
 *   error.code === ('network_error' satisfies ClientErrorCode)
 * ```
 */
export type ClientErrorCode =
  /** `wx.login` failed, gave no code, or did not call back in time. */
  | 'wx_login_failed'
  /** Another `wx` function failed or is missing, or the user refused: see `errMsg` and `errno`. */
  | 'wx_failed'
  /**
   * `wx.request` failed, so there is no answer. The server may still have got the request. Where the
   * failure lasts, `message` says what to do.
   */
  | 'network_error'
  /** The answer is not this server's, but a gateway's or a captive portal's, for example. */
  | 'answer_invalid'
  /** The `url` of a request neither begins with `/` nor is an http or https URL. */
  | 'url_invalid'
  /** The argument of `pay` is not the five strings of the payments Worker. `wx` was not called. */
  | 'parameters_invalid'
  /** This phone number can no longer be decrypted: the user has to tap the button again. */
  | 'tap_required'

/** What is known about a failure besides its code and action. */
export interface Details {
  /** What happened, for a developer. It becomes the error's `message`. */
  readonly detail?: string | undefined
  /** The HTTP status of the answer. */
  readonly statusCode?: number | undefined
  /** The number of seconds to wait before the next attempt, if the server named one. */
  readonly retryAfter?: number | undefined
  /** WeChat's errcode, if WeChat refused a call of the server. */
  readonly errcode?: number | undefined
  /** What is wrong with the request, field by field. */
  readonly errors?: readonly { path: string; message: string }[] | undefined
  /** The message of the `wx` function that failed. */
  readonly errMsg?: string | undefined
  /** The error number of the `wx` function that failed. */
  readonly errno?: number | undefined
}

/**
 * A failure, with the server's `code` and `action` or a {@link ClientErrorCode} of the client.
 *
 * @example
 * ```ts
 * try {
 *   await client.login()
 * } catch (error) {
 *   if (!(error instanceof Code2SessionError)) throw error
 *   if (error.action === 'retry_later') showRetryButton(error.retryAfter)
 *   else console.error(error.code, error.message)
 * }
 * ```
 */
export class Code2SessionError extends Error implements Omit<Details, 'detail'> {
  /** A code of the server's error table, or a {@link ClientErrorCode}. */
  declare readonly code: string
  /** What to do next. */
  declare readonly action: Action
  declare readonly statusCode?: number | undefined
  declare readonly retryAfter?: number | undefined
  declare readonly errcode?: number | undefined
  declare readonly errors?: readonly { path: string; message: string }[] | undefined
  declare readonly errMsg?: string | undefined
  declare readonly errno?: number | undefined

  constructor(code: string, action: Action, { detail, ...details }: Details = {}) {
    super(detail || details.errMsg || code)
    Object.assign(this, details, { name: 'Code2SessionError', code, action })
  }
}

/**
 * What WeChat says of a failure, as `errno errCode errMsg`, and what to do about it. The action is
 * `fix_request` where there is none.
 */
export type Advice = readonly [said: RegExp, detail: string, action?: Action]

/** The error of a failure of `wx`, with the advice about it, or else with this action. */
export function toError(
  failure: unknown,
  code: ClientErrorCode,
  action: Action,
  advice: readonly Advice[] = [],
): Code2SessionError {
  if (failure instanceof Code2SessionError) return failure
  // A function of wx gives errMsg and errno, or throws an Error, or gives nothing at all.
  const { errMsg: said, errno, errCode, message } = readFields(failure)
  const errMsg = String(said || message || 'fail')
  const text = `${errno} ${errCode} ${errMsg}`
  const [, detail, advised = 'fix_request'] = advice.find(([pattern]) => pattern.test(text)) || []
  const details = { detail, errMsg, ...(typeof errno === 'number' && { errno }) }
  return new Code2SessionError(code, detail ? advised : action, details)
}

/** A `wx` function failed, or the user refused. Repeating the call would not help. */
export const wxFailed = (failure: unknown) => toError(failure, 'wx_failed', 'stop')

/** `wx.login` failed. */
export const loginFailed = (failure: unknown) => toError(failure, 'wx_login_failed', 'retry_later')

/** For a request to this URL: `wx.request` failed. Some failures do not pass by themselves. */
export const networkFailed = (url: string) => (failure: unknown) => {
  const origin = parseOrigin(url)
  return toError(failure, 'network_error', 'retry_later', [
    [
      /^600002|domain list|合法域名/,
      `Add ${origin} to the request domains (request 合法域名) of the mini program`,
    ],
    [/^600009|invalid.url/i, 'WeChat does not accept the URL: check baseUrl and url'],
    [
      /ssl|tls|cert|证书/i,
      `WeChat does not accept the certificate of ${origin}: it takes TLS 1.2 and later, and a whole chain`,
    ],
  ])
}
