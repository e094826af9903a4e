/** What is known of each kind of failure: a row of an error table. */

/**
 * What the client should do next.
 *
 * @example
 * const canRepeat = (action: Action) => action === 'retry_later'
 */
export type Action =
  /** Call `wx.login` and `POST /login` again; for open data, fetch the data again afterwards. */
  | 'login_again'
  /** Repeat the same request after `Retry-After` seconds. */
  | 'retry_later'
  /** The request itself is wrong; repeating it cannot help. */
  | 'fix_request'
  /** Nothing that the client does will help. */
  | 'stop'

/** One kind of failure. */
export interface ErrorRow {
  readonly status: number
  readonly title: string
  readonly action: Action
  /** What happened, for a person; never holds a value from the request or from WeChat. */
  readonly detail: string
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number
  /** `WWW-Authenticate` of a 401 (RFC 6750 section 3). */
  readonly challenge?: string
}
