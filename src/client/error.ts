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

/** What is known of a failure besides its code and action. */
export interface Details {
  readonly detail?: string
  readonly statusCode?: number
  /** Seconds after which to try again, where the server said so. */
  readonly retryAfter?: number
  /** WeChat's errcode, where it refused the server. */
  readonly errcode?: number
  /** What is wrong with the request, field by field. */
  readonly errors?: readonly { path: string; message: string }[]
  /** What `wx` said. */
  readonly errMsg?: string
  readonly errno?: number
}

/** A failure with the server's `code` and `action`, or one of the client's own. */
export class Code2SessionError extends Error implements Omit<Details, 'detail'> {
  readonly code: string
  readonly action: Action
  declare readonly statusCode?: number
  declare readonly retryAfter?: number
  declare readonly errcode?: number
  declare readonly errors?: readonly { path: string; message: string }[]
  declare readonly errMsg?: string
  declare readonly errno?: number

  constructor(code: string, action: Action, { detail, ...details }: Details = {}) {
    super(detail || details.errMsg || code)
    Object.assign(this, details)
    this.name = 'Code2SessionError'
    this.code = code
    this.action = action
  }
}

/** What `wx` says when a function fails; whatever else it gives, this is looked for in it. */
function detailsOf(failure: unknown): Details {
  const { errMsg, errno, message } = Object(failure)
  return { errMsg: errMsg || message || 'fail', ...(errno !== undefined && { errno }) }
}

/** A failure of `wx`, or a refusal of the user: nothing to repeat by itself. */
export function wxFailed(failure: unknown): Code2SessionError {
  if (failure instanceof Code2SessionError) return failure
  return new Code2SessionError('wx_failed', 'stop', detailsOf(failure))
}

export function loginFailed(failure: unknown): Code2SessionError {
  return new Code2SessionError('wx_login_failed', 'retry_later', detailsOf(failure))
}

export function networkFailed(failure: unknown): Code2SessionError {
  return new Code2SessionError('network_error', 'retry_later', detailsOf(failure))
}
