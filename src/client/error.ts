/** The error that every function of the client rejects with. */

import type { Action } from '../core/errors'
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

/** A `wx` function failed, or the user refused. Repeating the call would not help. */
export function wxFailed(failure: unknown): Code2SessionError {
  if (failure instanceof Code2SessionError) return failure
  return new Code2SessionError('wx_failed', 'stop', toDetails(failure))
}

/** `wx.login` failed. */
export function loginFailed(failure: unknown): Code2SessionError {
  return new Code2SessionError('wx_login_failed', 'retry_later', toDetails(failure))
}

/** What to do about the failures of `wx.request` that do not pass by themselves. */
const LASTING: readonly (readonly [errno: number, said: RegExp, advice: string])[] = [
  [
    600002,
    /domain list|合法域名/,
    'Add {origin} to the request domains (request 合法域名) of the mini program',
  ],
  [600009, /invalid.url/i, 'WeChat does not accept the URL: check baseUrl and url'],
  [
    0,
    /ssl|tls|cert|证书/i,
    'WeChat does not accept the certificate of {origin}: it takes TLS 1.2 and later, and a whole chain',
  ],
]

/** For a request to this URL: `wx.request` failed. */
export function networkFailed(url: string): (failure: unknown) => Code2SessionError {
  return (failure) => {
    if (failure instanceof Code2SessionError) return failure
    const details = toDetails(failure)
    const { errMsg = '', errno } = details
    const lasting = LASTING.find(([known, said]) => errno === known || said.test(errMsg))
    if (!lasting) return new Code2SessionError('network_error', 'retry_later', details)
    const detail = lasting[2].replace('{origin}', parseOrigin(url) || url)
    return new Code2SessionError('network_error', 'fix_request', { ...details, detail })
  }
}

/** A `wx` function gives `errMsg` and `errno`, or throws an Error, or gives nothing at all. */
export function toDetails(failure: unknown): Details {
  const { errMsg, errno, message } = readFields(failure)
  return {
    errMsg: String(errMsg || message || 'fail'),
    ...(typeof errno === 'number' && { errno }),
  }
}
