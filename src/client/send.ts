/** Sends one request and reads failures from its answer. */

import type { Action } from '../errors'
import { Code2SessionError, type Details, networkFailed } from './error'
import { readFields } from './fields'
import { callWx, type Wx, type WxRequestOptions, type WxResponse } from './wx'

/** The longest `Retry-After` that the client waits for; the user watches a spinner meanwhile. */
const LONGEST_WAIT_SECONDS = 5

/** Sends a request. Any HTTP status is an answer. */
export function send(wx: Wx, options: WxRequestOptions): Promise<WxResponse> {
  return callWx(wx, 'request', options, networkFailed)
}

/** Sends a request that holds a code or a token. */
export function sendCredentials(
  wx: Wx,
  options: WxRequestOptions,
  token: string | undefined,
): Promise<WxResponse> {
  const header: Record<string, string> = { ...options.header }
  for (const name of Object.keys(header)) {
    if (name.toLowerCase() === 'authorization') delete header[name]
  }
  if (token) header.Authorization = `Bearer ${token}`
  return send(wx, { ...options, header })
}

/** The failure in an answer of the server; null for a success. */
export function findFailure({ statusCode, data, header }: WxResponse): Code2SessionError | null {
  const isObject = typeof data === 'object' && data !== null
  if (statusCode === 204 || (statusCode === 200 && isObject)) return null
  if (isProblem(data)) {
    const { code, action, detail, errcode, errors } = data
    const retryAfter = Number(findHeader(header, 'retry-after')) || undefined
    return new Code2SessionError(code, action, { statusCode, detail, errcode, errors, retryAfter })
  }
  // A gateway in front of the server, for example, or a captive portal.
  const action = statusCode >= 500 ? 'retry_later' : 'stop'
  return new Code2SessionError('answer_invalid', action, { statusCode })
}

/** The fields of a problem document of the server that the client reads. */
interface Problem extends Pick<Details, 'detail' | 'errcode' | 'errors'> {
  readonly code: string
  readonly action: Action
}

function isProblem(data: unknown): data is Problem {
  const { code, action } = readFields(data)
  return typeof code === 'string' && typeof action === 'string'
}

/** Waits for as long as the server asks. Rejects with the error if the server asks for too long. */
export async function waitToRetry(error: unknown): Promise<void> {
  const { action, retryAfter } = error instanceof Code2SessionError ? error : {}
  // Without Retry-After, as after a network failure, only the caller knows when to try again.
  if (action !== 'retry_later' || !retryAfter || retryAfter > LONGEST_WAIT_SECONDS) throw error
  await new Promise<void>((resolve) => setTimeout(resolve, retryAfter * 1000))
}

/** WeChat keeps the spelling of header names, which depends on the server and the HTTP version. */
function findHeader(header: unknown, name: string): unknown {
  const fields = readFields(header)
  const found = Object.keys(fields).find((key) => key.toLowerCase() === name)
  return found && fields[found]
}
