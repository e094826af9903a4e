/** One `wx.request`, and what an answer that is no success means. */

import { type Action, Code2SessionError, networkFailed } from './error'
import { promised, type Wx, type WxRequestOptions, type WxResponse } from './wx'

/** Longer than this nobody waits, in seconds. */
const LONGEST_WAIT = 60

export function send(wx: Wx, options: WxRequestOptions): Promise<WxResponse> {
  return promised<WxResponse>(
    (callbacks) => wx.request({ ...options, ...callbacks }),
    networkFailed,
  )
}

/** The failure in an answer of the server; `null` for a success. */
export function failureOf({ statusCode, data, header }: WxResponse): Code2SessionError | null {
  const isObject = typeof data === 'object' && data !== null
  if (statusCode === 204 || (statusCode === 200 && isObject)) return null
  const { code, action, detail, errcode, errors } = Object(data)
  if (typeof code !== 'string') {
    // A gateway before the server, or a page that a hotel puts before everything.
    const next = statusCode >= 500 ? 'retry_later' : 'stop'
    return new Code2SessionError('answer_invalid', next, { statusCode })
  }
  const retryAfter = Number(headerOf(header, 'retry-after')) || 0
  return new Code2SessionError(code, action as Action, {
    statusCode,
    detail,
    errcode,
    errors,
    ...(retryAfter > 0 && { retryAfter }),
  })
}

/** Waits as long as the server asks, and throws whatever else the failure is. */
export function waitToRetry(error: unknown): Promise<void> {
  const { action, retryAfter } = error as Code2SessionError
  // Without a Retry-After, as after a network failure, only the caller can tell.
  if (action !== 'retry_later' || !retryAfter || retryAfter > LONGEST_WAIT) throw error
  return new Promise((resolve) => setTimeout(resolve, retryAfter * 1000))
}

/** WeChat keeps header names as the server, or the HTTP version, spells them. */
function headerOf(header: Record<string, string> | undefined, name: string): string | undefined {
  const found = Object.keys(header || {}).find((key) => key.toLowerCase() === name)
  return found && (header as Record<string, string>)[found]
}
