/** The one error class of the client. */

/** Failures that the server does not know of. */
export type ClientErrorCode =
  /** `wx.login` failed, or called neither back in time. */
  | 'wx_login_failed'
  /** Another `wx` function failed, or the user refused: see `errMsg` and `errno`. */
  | 'wx_failed'
  /** No answer from the server: `wx.request` failed. Nothing was refused. */
  | 'network_error'
  /** An answer that is not this server's. */
  | 'answer_invalid'
  /** The data has to be asked for again, and only a tap of the user can. */
  | 'tap_required'

/** What to do next, in the server's words. */
export type Action = 'login_again' | 'retry_later' | 'fix_request' | 'stop'

interface Details {
  readonly detail?: string
  readonly statusCode?: number
  /** In seconds. */
  readonly retryAfter?: number
  readonly errcode?: number
  readonly errors?: readonly { path: string; message: string }[]
  readonly errMsg?: string
  readonly errno?: number
}

/** A failure with the server's `code` and `action`, or one of the client's own. */
export class Code2SessionError extends Error {
  readonly code: string
  readonly action: Action
  readonly statusCode: number | undefined
  /** Seconds after which to try again, where the server said so. */
  readonly retryAfter: number | undefined
  /** WeChat's errcode, where it refused the server. */
  readonly errcode: number | undefined
  /** What is wrong with the request, field by field. */
  readonly errors: Details['errors']
  /** What `wx` said. */
  readonly errMsg: string | undefined
  readonly errno: number | undefined

  constructor(code: string, action: Action, details: Details = {}) {
    super(details.detail || details.errMsg || code)
    this.name = 'Code2SessionError'
    this.code = code
    this.action = action
    this.statusCode = details.statusCode
    this.retryAfter = details.retryAfter
    this.errcode = details.errcode
    this.errors = details.errors
    this.errMsg = details.errMsg
    this.errno = details.errno
  }
}
