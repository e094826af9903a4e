/** Sends one request and reads failures from its answer. */

import type { Action } from '../core/error-row'
import { Code2SessionError, type Details, networkFailed } from './error'
import { readFields } from './fields'
import { callWx, type Wx, type WxRequestOptions, type WxResponse } from './wx'

/** The longest `Retry-After` that the client waits for; the user watches a spinner meanwhile. */
const LONGEST_WAIT_SECONDS = 5

/** Sends a request. Any HTTP status is an answer. */
export function send(wx: Wx, options: WxRequestOptions): Promise<WxResponse> {
  return callWx(wx, 'request', options, networkFailed(options.url))
}

/**
 * Sends a request that holds a code or a token. It does not follow redirects, which could carry
 * those to another host: a redirect is an answer like any other.
 */
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
  const secured = { ...options, header, redirect: 'manual' }
  return callWx(wx, 'request', secured, networkFailed(options.url), onRedirect)
}

/** {@link sendCredentials} to the server itself. Rejects with the failure in its answer. */
export async function sendToServer(
  ...[wx, options, token]: Parameters<typeof sendCredentials>
): Promise<WxResponse> {
  return requireSuccess(parseAnswer(await sendCredentials(wx, options, token)))
}

/**
 * An answer of the server, parsed where `wx` has left it as text. Some phones do so if a text in it
 * holds a raw U+2028.
 */
export function parseAnswer(response: WxResponse): WxResponse {
  const { data } = response
  if (typeof data !== 'string') return response
  try {
    return { ...response, data: JSON.parse(data) }
  } catch (_) {
    return response
  }
}

/** WeChat ends a request at a redirect, and is documented to call only `onHeadersReceived` then. */
function onRedirect(task: unknown, receive: (redirect: WxResponse) => void): void {
  if (!isRequestTask(task)) return
  task.onHeadersReceived(({ statusCode, header }) => {
    if (statusCode >= 300 && statusCode < 400) receive({ statusCode, data: '', header })
    // The developer tools give no status, and a 201 has a Location as well: then its body follows.
    if (!statusCode && findHeader(header, 'location')) {
      setTimeout(() => receive({ statusCode: 302, data: '', header }), BODY_MILLISECONDS)
    }
  })
}

/** How long a body may take after its headers, in milliseconds, before they count as a redirect. */
const BODY_MILLISECONDS = 1000

interface RequestTask {
  onHeadersReceived(listener: (headers: Omit<WxResponse, 'data'>) => void): void
}

function isRequestTask(task: unknown): task is RequestTask {
  return typeof readFields(task).onHeadersReceived === 'function'
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

/** An answer of the server that is a success. @throws {Code2SessionError} */
export function requireSuccess(response: WxResponse): WxResponse {
  const failure = findFailure(response)
  if (failure) throw failure
  return response
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
  const { action, retryAfter } = readFields(error)
  const seconds = Number(retryAfter)
  // Without Retry-After, as after a network failure, only the caller knows when to try again.
  if (action !== 'retry_later' || !(seconds <= LONGEST_WAIT_SECONDS)) throw error
  await new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
}

/** WeChat keeps the spelling of header names, which depends on the server and the HTTP version. */
function findHeader(header: unknown, name: string): unknown {
  const fields = readFields(header)
  const found = Object.keys(fields).find((key) => key.toLowerCase() === name)
  return found && fields[found]
}
